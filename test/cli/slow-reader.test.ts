/** Output of which there may be very much, and a reader who takes his time. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'

const linesCount = 50_000
const program = `
  import { note, print, taken } from '${new URL('../../src/cli/terminal.ts', import.meta.url).href}'
  let waitingMax = 0
  note('begins')
  for (let count = 0; count < ${linesCount}; count++) {
    print('a line of forty characters, all in all..')
    waitingMax = Math.max(waitingMax, process.stdout.writableLength)
    await taken()
  }
  note(String(waitingMax))
`

describe('a reader who is slower than the command', { timeout: 60_000 }, () => {
  it('gets every line in the end, and next to nothing waits in memory meanwhile', async () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'pipe'] })
    const told = text(child.stderr)
    const [output] = await Promise.all([text(child.stdout), once(child, 'close')])
    assert.equal(output.split('\n').length - 1, linesCount)
    const waitingMax = Number((await told).split('\n')[1])
    assert.ok(waitingMax > 0 && waitingMax < 131_072, `${waitingMax} bytes waited`)
  })
})
