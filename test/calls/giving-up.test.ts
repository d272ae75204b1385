/** Timeouts, signals and deadlines: what the caller is told, and what the server hears of it. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { System } from '../../src/cardumen.ts'
import { MemberProcess } from './fixtures/member-process.ts'
import { waitingAt } from './fixtures/outcomes.ts'
import { Probe } from './fixtures/probe-service.ts'
import { TestSystem, until } from './fixtures/test-system.ts'

describe('a call that is given up', () => {
  let test: TestSystem
  let system: System
  let server: MemberProcess
  before(async () => {
    test = await TestSystem.begin()
    system = await test.join({ name: 'caller' })
    server = await test.startServer('server', { serve: { concurrency: 1 } })
  })
  after(() => test[Symbol.asyncDispose]())

  it('before it is made never leaves', async () => {
    const reason = new Error('changed my mind')
    const call = system
      .open(Probe, 'probe')
      .run({ id: 'before', behaviour: 'now' }, { signal: AbortSignal.abort(reason) })
    await assert.rejects(call, { code: 'cancelled', executed: 'no', cause: reason })
    assert.equal(test.executions('before'), 0)
  })

  it('while its server is looked for never leaves', async () => {
    const giveUp = new AbortController()
    const call = system.open(Probe, 'nobody').run({ id: 'searching', behaviour: 'now' }, { signal: giveUp.signal })
    giveUp.abort()
    await assert.rejects(call, { code: 'cancelled', executed: 'no' })
  })

  it('while it waits in the mailbox never runs, and its caller knows', async () => {
    const probe = system.open(Probe, 'probe')
    const blocker = probe.run({ id: 'blocker', behaviour: 'ignore' })
    await server.line('running blocker')
    const giveUp = new AbortController()
    const call = probe.run({ id: 'waiting', behaviour: 'now' }, { signal: giveUp.signal })
    assert.equal(await waitingAt(system, 'server'), 1)
    giveUp.abort()
    await assert.rejects(call, { code: 'cancelled', executed: 'no' })
    server.tell('release blocker')
    await blocker
    await probe.run({ id: 'next', behaviour: 'now' })
    assert.equal(test.executions('waiting'), 0)
  })

  it('while its handler runs aborts the handler’s signal', async () => {
    const giveUp = new AbortController()
    const call = system.open(Probe, 'probe').run({ id: 'running', behaviour: 'hold' }, { signal: giveUp.signal })
    await server.line('running running')
    giveUp.abort()
    await assert.rejects(call, { code: 'cancelled', executed: 'yes' })
    await server.line('given-up running')
  })

  it('though its handler does not listen is told so within a moment, as unknown', async () => {
    const giveUp = new AbortController()
    const probe = system.open(Probe, 'probe')
    const call = probe.run({ id: 'deaf', behaviour: 'ignore' }, { signal: giveUp.signal })
    await server.line('running deaf')
    giveUp.abort()
    await assert.rejects(call, { code: 'cancelled', executed: 'unknown' })
    server.tell('release deaf')
    assert.equal(await probe.run({ id: 'after-deaf', behaviour: 'now' }), 'after-deaf')
  })

  it('after its answer has come changes nothing', async () => {
    const giveUp = new AbortController()
    assert.equal(
      await system.open(Probe, 'probe').run({ id: 'after', behaviour: 'now' }, { signal: giveUp.signal }),
      'after',
    )
    giveUp.abort()
    assert.equal(system.member.status().callsInFlight, 0)
  })

  it('by its deadline aborts the handler’s signal, and is told so as unknown', async () => {
    // One that answered when it is aborted could still be in time: both deadlines are the same moment.
    const call = system.open(Probe, 'probe').run({ id: 'late', behaviour: 'ignore' }, { timeoutMs: 100 })
    await assert.rejects(call, { code: 'timed-out', executed: 'unknown' })
    await server.line('given-up late')
    server.tell('release late')
  })

  it('by its deadline in the mailbox never runs', async () => {
    const probe = system.open(Probe, 'probe')
    const blocker = probe.run({ id: 'blocker-2', behaviour: 'ignore' })
    await server.line('running blocker-2')
    await assert.rejects(probe.run({ id: 'too-late', behaviour: 'now' }, { timeoutMs: 100 }), { code: 'timed-out' })
    server.tell('release blocker-2')
    await blocker
    await probe.run({ id: 'next-2', behaviour: 'now' })
    assert.equal(test.executions('too-late'), 0)
  })

  it('by a deadline of now fails at once, and its member goes on', async () => {
    const probe = system.open(Probe, 'probe')
    await assert.rejects(probe.run({ id: 'now', behaviour: 'now' }, { timeoutMs: 0 }), {
      code: 'timed-out',
      executed: 'no',
    })
    assert.equal(await probe.run({ id: 'still-here', behaviour: 'now' }), 'still-here')
  })

  it('with a thousand others by one signal leaves nothing behind', async () => {
    const warnings: unknown[] = []
    const onWarning = (warning: unknown): void => void warnings.push(warning)
    process.on('warning', onWarning)
    const giveUp = new AbortController()
    const probe = system.open(Probe, 'probe')
    const calls = Array.from({ length: 1_000 }, (_, index) =>
      probe.run({ id: `many-${index}`, behaviour: 'hold' }, { signal: giveUp.signal }),
    )
    giveUp.abort()
    for (const call of await Promise.allSettled(calls))
      assert.equal(call.status === 'rejected' && (call.reason as { code: string }).code, 'cancelled')
    assert.equal(system.member.status().callsInFlight, 0)
    assert.deepEqual(warnings, [])
    process.off('warning', onWarning)
  })

  it('by a stopped caller reaches its handler at the deadline all the same', async () => {
    const caller = await test.startCaller('stopped-caller')
    caller.call({ id: 'from-stopped', behaviour: 'hold', options: { timeoutMs: 1_000 } })
    await server.line('running from-stopped')
    caller.signal('SIGSTOP')
    await server.line('given-up from-stopped')
    assert.ok(!caller.lines.some((line) => line.startsWith('failed')))
    await caller.kill()
    await until(() => !system.members().some(({ id }) => id === 'stopped-caller'), 'its end')
  })
})
