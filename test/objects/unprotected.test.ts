/**
 * What nothing protects against, shown: a reader of docs/security.md shall not have to believe these lines either.
 *
 * A change that makes one of these fail has made the system safer; then the line in the document goes with its test.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { z } from 'zod'
import { Capability, defineService, join, type Served, type System } from '../../src/cardumen.ts'
import { openSqliteEngine } from '../../src/engines/sqlite/sqlite-engine.ts'

const all = 0xffff_ffff
const Clock = defineService('clock', {
  time: { right: 'read', output: z.number() },
  ticks: { right: 'read', output: z.number(), stream: true },
})

describe('nothing protects', { timeout: 60_000 }, () => {
  let home: string
  let system: System
  let stranger: System
  let served: Served

  before(async () => {
    home = await mkdtemp(joinPath(tmpdir(), 'cardumen-unprotected-'))
    system = await join({ home, name: 'server' })
    stranger = await join({ home, name: 'stranger', capabilities: {} })
    await system.offerDirectory()
    await system.offerRun({ threads: 1 })
    const ticks = async function* (): AsyncGenerator<number> {
      for (let tick = 0; ; tick++) yield tick
    }
    served = await system.serve(Clock, { time: () => 5, ticks: (_) => ticks() }, { identity: 'clock' })
  })
  after(async () => {
    await stranger.close()
    await system.close()
    await rm(home, { recursive: true, force: true })
  })

  it('the root directory from a process of the same user that opens the engine’s file', async () => {
    await using engine = await openSqliteEngine({ folder: system.stateFolder })
    const row = await engine.get('root')
    assert.equal(Capability.fromBytes(row?.value ?? new Uint8Array(0))?.rights, all)
  })

  it('the root directory from a program of the same user that puts aside what it was given', async () => {
    const module = new URL('./fixtures/forgetting-program.ts', import.meta.url)
    const program = await system.run(module, { args: [home], capabilities: {} })
    assert.equal(await program.stdout.text(), `${all}\n`)
  })

  it('a capability without a holder from whoever has read its text', async () => {
    const overheard = Capability.toText(served.capabilityFor(1, 'read'))
    assert.equal(await stranger.open(Clock, Capability.parse(overheard)).time(), 5)
  })

  it('from a stream that had begun before its capability was revoked', async () => {
    const capability = served.capabilityFor(2, 'read')
    const seen: number[] = []
    for await (const tick of stranger.open(Clock, capability).ticks()) {
      if (tick === 0) await served.revokeBranch(2, capability.branch)
      seen.push(tick)
      // More than can have been on its way.
      if (seen.length === 1_000) break
    }
    assert.equal(seen.length, 1_000)
    await assert.rejects(stranger.open(Clock, capability).time(), { code: 'capability-revoked' })
  })

  it('the number of changes of a directory from those who do not see the changed rows', async () => {
    const { directory } = system
    const forGroup = directory.restrict({ rights: ['group', 'read'] })
    const before = await forGroup.sequence()
    await directory.enter('/hidden', served.capability, { masks: [all, 0, 0] })
    await assert.rejects(forGroup.lookup('/hidden'), { code: 'name-unknown' })
    assert.ok((await forGroup.sequence()) > before)
  })

  it('a reader from two names that look alike within one script', async () => {
    const { directory } = system
    await directory.enter('/paypal', served.capability)
    await directory.enter('/paypa1', served.capabilityFor(9))
    const [one, other] = await directory.setlookup(['/paypal', '/paypa1'])
    assert.equal(one?.capability.equals(other?.capability ?? one.capability), false)
  })
})
