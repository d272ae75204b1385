/** A server that is stopped is unresponsive, not dead: its calls wait as long as they were told to, and go on. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { System } from '../../src/cardumen.ts'
import type { MemberProcess } from './fixtures/member-process.ts'
import { answered, outcomeOf } from './fixtures/outcomes.ts'
import { Probe } from './fixtures/probe-service.ts'
import { TestSystem, until, within } from './fixtures/test-system.ts'

describe('a server that is stopped', () => {
  let test: TestSystem
  let system: System
  let server: MemberProcess
  before(async () => {
    test = await TestSystem.begin()
    system = await test.join({ name: 'caller' })
    server = await test.startServer('server')
  })
  after(() => test[Symbol.asyncDispose]())

  const stateOf = (name: string): string | undefined => system.members().find(({ id }) => id === name)?.state

  it('keeps its calls waiting until their deadlines, is shown as unresponsive, and goes on where it stood', async () => {
    const probe = system.open(Probe, 'probe')
    await probe.run({ id: 'first', behaviour: 'now' })
    const held = outcomeOf(probe.run({ id: 'held', behaviour: 'hold' }))
    await server.line('running held')

    server.signal('SIGSTOP')
    const sentWhileStopped = outcomeOf(probe.run({ id: 'sent-while-stopped', behaviour: 'now' }))
    const startedAt = performance.now()
    assert.deepEqual(await outcomeOf(probe.run({ id: 'impatient', behaviour: 'now' }, { timeoutMs: 200 })), {
      code: 'timed-out',
      executed: 'unknown',
    })
    const tookMs = performance.now() - startedAt
    assert.ok(tookMs >= 199, `it gave up after ${tookMs} ms already`)
    assert.equal(stateOf('server'), 'live')
    await until(() => stateOf('server') === 'unresponsive', 'shown as unresponsive')

    server.signal('SIGCONT')
    await until(() => stateOf('server') === 'live', 'shown as live again')
    assert.deepEqual(await within(sentWhileStopped, 'the answer'), answered)
    server.tell('release held')
    assert.deepEqual(await within(held, 'the answer'), answered)
    assert.deepEqual([test.executions('held'), test.executions('sent-while-stopped')], [1, 1])
    assert.ok(test.executions('impatient') <= 1)
  })
})
