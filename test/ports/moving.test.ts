/** Servers with a kept identity: they start again, move, and are replaced, and those who call them go on. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Served, System } from '../../src/cardumen.ts'
import { answered, outcomeOf } from '../calls/fixtures/outcomes.ts'
import { Probe } from '../calls/fixtures/probe-service.ts'
import { TestSystem, until, within } from '../calls/fixtures/test-system.ts'

const serve = { name: 'probe', identity: 'shop' }
const leaseTtlMs = 500

function capabilityOf(system: System, name: string): Served['capability'] {
  const [server] = system.member.servers(name)
  assert.ok(server !== undefined)
  return server.capability
}

describe('a capability of a kept identity', () => {
  it('works again after kill -9 and another start of its server', async () => {
    await using test = await TestSystem.begin()
    const caller = await test.join({ name: 'caller' })
    const first = await test.startServer('first', { serve })
    await until(() => caller.member.servers('probe').length === 1, 'the server')
    const probe = caller.open(Probe, capabilityOf(caller, 'probe'))
    assert.deepEqual(await outcomeOf(probe.run({ id: 'before', behaviour: 'now' })), answered)
    await first.kill()
    await test.startServer('second', { serve })
    assert.deepEqual(await outcomeOf(probe.run({ id: 'after', behaviour: 'now' })), answered)
  })

  for (const target of ['its capability', 'its name'] as const)
    it(`leads to wherever its server moves, and no call of a stream of calls by ${target} fails`, async () => {
      await using test = await TestSystem.begin()
      const caller = await test.join({ name: 'caller' })
      const homes = [await test.join({ name: 'one' }), await test.join({ name: 'two' })] as const
      let served = await test.serveHere(homes[0], serve)
      await until(() => caller.member.servers('probe').length === 1, 'the server')
      const probe = caller.open(Probe, target === 'its name' ? 'probe' : served.capability)
      const outcomes: string[] = []
      let isMoving = true
      const callOn = async (): Promise<void> => {
        while (isMoving) outcomes.push((await outcomeOf(probe.run({ id: 'stream', behaviour: 'now' }))).code)
      }
      const calls = Array.from({ length: 16 }, callOn)
      for (let move = 1; move <= 12; move++) {
        const made = outcomes.length
        await served.close()
        served = await test.serveHere(homes[move % 2 === 0 ? 0 : 1], serve)
        await until(() => outcomes.length > made + 100, 'calls at the new place')
      }
      isMoving = false
      await within(Promise.all(calls), 'the calls')
      assert.deepEqual([...new Set(outcomes)], ['answered'])
    })
})

describe('a kept identity', () => {
  it('that two members want at once is served by one, and the other hears port-taken', async () => {
    await using test = await TestSystem.begin()
    const members = [await test.join({ name: 'one' }), await test.join({ name: 'two' })]
    const [winner, loser] = (
      await Promise.allSettled(members.map((member) => test.serveHere(member, { identity: 'shop' })))
    ).toSorted((left, right) => left.status.localeCompare(right.status))
    assert.equal(winner?.status, 'fulfilled')
    assert.ok(loser?.status === 'rejected')
    assert.match(String(loser.reason), /port-taken|serves the identity "shop" already/)
    assert.equal((loser.reason as { code: string }).code, 'port-taken')
  })

  it('keeps what was revoked over a start on another member', async () => {
    await using test = await TestSystem.begin()
    const [one, two] = [await test.join({ name: 'one' }), await test.join({ name: 'two' })]
    const first = await test.serveHere(one, { identity: 'shop' })
    const narrowed = first.capability.restrict({ rights: 'read' })
    await first.revokeBranch(0, narrowed.branch)
    await first.close()
    const second = await test.serveHere(two, { identity: 'shop' })
    assert.ok(second.capability.equals(first.capability))
    const call = (capability: Served['capability']): Promise<{ code: string }> =>
      outcomeOf(one.open(Probe, capability).run({ id: 'kept', behaviour: 'now' }))
    assert.equal((await call(narrowed)).code, 'capability-revoked')
    assert.equal((await call(second.capability)).code, 'answered')
  })
})

describe('a server that was stopped past its lease and replaced', () => {
  it('accepts nothing when it goes on: neither what was revoked meanwhile nor anything else', async () => {
    await using test = await TestSystem.begin()
    const caller = await test.join({ name: 'caller' })
    const stopped = await test.startServer('stopped', { join: { leaseTtlMs }, serve })
    await until(() => caller.member.servers('probe').length === 1, 'the server')
    const whole = capabilityOf(caller, 'probe')
    const narrowed = whole.restrict({ operations: ['run'] })
    assert.deepEqual(await outcomeOf(caller.open(Probe, narrowed).run({ id: 'before', behaviour: 'now' })), answered)

    stopped.signal('SIGSTOP')
    // These lie in its socket when it goes on, with capabilities that it has seen and found good.
    const sent = [narrowed, whole].map((capability, index) =>
      outcomeOf(caller.open(Probe, capability).run({ id: `sent-${index}`, behaviour: 'now' })),
    )
    await until(() => caller.members().every(({ id }) => id !== 'stopped'), 'its lease is over')
    const replacement = await test.serveHere(caller, serve)
    await replacement.revokeBranch(0, narrowed.branch)
    stopped.signal('SIGCONT')
    await stopped.line('ended expelled')
    assert.deepEqual(
      (await within(Promise.all(sent), 'what its callers were told')).map(({ executed }) => executed),
      ['unknown', 'unknown'],
    )
    assert.deepEqual([test.executions('sent-0'), test.executions('sent-1')], [0, 0])
    assert.deepEqual(await outcomeOf(caller.open(Probe, narrowed).run({ id: 'after', behaviour: 'now' })), {
      code: 'capability-revoked',
      executed: 'no',
    })
    assert.deepEqual(await outcomeOf(caller.open(Probe, whole).run({ id: 'after', behaviour: 'now' })), answered)
  })
})
