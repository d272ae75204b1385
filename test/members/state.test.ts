/** What members leave in their state folder, and what becomes of them when it goes. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { join as joinPath } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { TestSystem, within } from '../calls/fixtures/test-system.ts'

const daemon = fileURLToPath(new URL('../../src/cli/daemon.ts', import.meta.url))

describe('the state folder', () => {
  it('holds no more rows after five members have come and gone than after one', async () => {
    await using test = await TestSystem.begin()
    const staying = await test.join({ name: 'staying' })
    const rows = async (): Promise<readonly string[]> =>
      (await staying.member.engine.list('')).entries.map((entry) => entry.key)
    await (await test.join()).close()
    const afterOne = await rows()
    for (let joined = 0; joined < 5; joined++) await (await test.join()).close()
    assert.deepEqual(await rows(), afterOne)
  })

  it('that is removed ends its members, and fails their calls', async () => {
    await using test = await TestSystem.begin()
    const system = await test.join({ name: 'left-over' })
    await rm(joinPath(test.home, 'main'), { recursive: true })
    assert.equal(await within(system.ended, 'the end'), 'engine-failed')
    assert.equal(system.member.engine.failure?.code, 'state-damaged')
    await assert.rejects(system.member.serve({} as never, {} as never), { code: 'closed' })
  })

  it('that is removed ends a daemon with 1 and a line in its log that says why', async () => {
    await using test = await TestSystem.begin()
    const child = spawn(process.execPath, [daemon, '--home', test.home, '--name', 'm1'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      const exited = once(child, 'exit')
      const lines: string[] = []
      for await (const line of createInterface({ input: child.stdout })) {
        lines.push(line)
        if (line.includes('joined as')) await rm(joinPath(test.home, 'main'), { recursive: true })
      }
      assert.deepEqual(await within(exited, 'its end'), [1, null])
      assert.match(lines.at(-1) ?? '', /m1 ended, since its engine failed: state-damaged: .*removed or replaced/)
    } finally {
      child.kill('SIGKILL')
    }
  })
})
