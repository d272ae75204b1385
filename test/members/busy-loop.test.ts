/** Leases are renewed by the engine's own thread, so a busy loop kills nobody. */
import assert from 'node:assert/strict'
import { join as joinPath } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { System } from '../../src/cardumen.ts'
import { MemberProcess } from '../calls/fixtures/member-process.ts'
import { TestSystem, until } from '../calls/fixtures/test-system.ts'

/** Three times as long as a member's lease. */
const busyMs = 30_000

describe('a busy loop of 30 seconds', () => {
  let test: TestSystem
  let watcher: System
  before(async () => {
    test = await TestSystem.begin()
    watcher = await test.join({ name: 'watcher' })
  })
  after(() => test[Symbol.asyncDispose]())

  it('in the program and in a job at once loses no lease', { timeout: 90_000 }, async () => {
    const script = joinPath('..', '..', 'members', 'fixtures', 'busy-member.ts')
    await using busy = new MemberProcess('busy', script, [test.home, String(busyMs)])
    await busy.line('busy')
    const entry = watcher.members().find(({ id }) => id === 'busy')
    assert.ok(entry !== undefined)
    const parted: string[] = []
    watcher.onMemberParted(({ id }) => parted.push(id))
    await until(() => busy.lines.length > 1 || parted.length > 0, 'the loops end', busyMs * 2)
    assert.deepEqual(parted, [])
    assert.deepEqual(busy.lines.slice(1), ['program looped true, job looped true'])
    assert.ok(
      watcher.members().some(({ address }) => address === entry.address),
      'it is the same life',
    )
  })
})
