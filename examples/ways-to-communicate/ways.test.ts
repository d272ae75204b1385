/** Each way in which two processes can communicate, as its example shows it. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import process from 'node:process'
import { describe, it } from 'node:test'
import { run } from '../../src/threads.ts'

const printed: Readonly<Record<string, string>> = {
  'files-with-locks': '40 lines of 40 are there.\nAna: 20\nBen: 20\n',
  pipes:
    'hello -> HELLO!\nis anybody there -> IS ANYBODY THERE!\ngood bye -> GOOD BYE!\nThe filter ended with exit code 0.\n',
  messages: 'soup: 8 euros\nrice: 9 euros\nrice: 27 euros\ncoffee: 8 euros\n',
  sockets: '3 squared is 9\n12 squared is 144\n100 squared is 10000\n',
  'shared-memory': 'Counted 4000 of 4000.\n',
  semaphores: 'ping 1\n  pong 1\nping 2\n  pong 2\nping 3\n  pong 3\n',
}

describe('two processes', { timeout: 120_000 }, () => {
  for (const [way, expected] of Object.entries(printed)) {
    it(`communicate by ${way.replaceAll('-', ' ')} as the example says`, async () => {
      const { exitCode, stdout, stderr } = await run(process.execPath, [join(import.meta.dirname, `${way}.ts`)], {
        timeoutMs: 60_000,
      })
      assert.deepEqual([exitCode, stderr, stdout], [0, '', expected])
    })
  }
})
