/** A thousand calls at once to one slow server with a small mailbox: all are answered, and it does not grow. */
import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import type { System } from '../../src/cardumen.ts'
import { Probe } from './fixtures/probe-service.ts'
import { TestSystem, within } from './fixtures/test-system.ts'

const callers = 5
const callsEach = 200
const grownBytesMax = 48 * 1_048_576

let test: TestSystem
let systems: System[]
before(async () => {
  test = await TestSystem.begin()
  systems = []
  for (let index = 0; index < callers; index++) systems.push(await test.join({ name: `caller-${index}` }))
})
after(() => test[Symbol.asyncDispose]())

it('a thousand callers of one slow server are told to try again, back off, and are all answered', async () => {
  await using server = await test.startServer('server', { serve: { concurrency: 2, mailbox: 8 } })
  const [first] = systems
  assert.ok(first !== undefined)
  const before = await first.open(Probe, 'probe').residentBytes()
  const padding = 'x'.repeat(1_000)
  const calls = systems.flatMap((system, caller) => {
    const probe = system.open(Probe, 'probe')
    return Array.from({ length: callsEach }, async (_, index) => {
      const id = `${caller}-${index}-`
      const answer = await probe.run({ id: id + padding, behaviour: 'now' })
      assert.ok(answer.startsWith(id))
    })
  })
  await within(Promise.all(calls), 'the answers', 60_000)
  const after = await first.open(Probe, 'probe').residentBytes()
  assert.ok(after - before < grownBytesMax, `the server grew from ${before} to ${after} bytes`)
  assert.equal(server.hasEnded, false)
})

it('a caller whose deadline comes while there is no room is told so, and that its call did not run', async () => {
  const [system] = systems
  assert.ok(system !== undefined)
  await using server = await test.startServer('full', { serve: { name: 'full', concurrency: 1, mailbox: 0 } })
  const probe = system.open(Probe, 'full')
  void probe.run({ id: 'holding', behaviour: 'ignore' }).catch(() => undefined)
  await server.line('running holding')
  await assert.rejects(probe.run({ id: 'no-room', behaviour: 'now' }, { timeoutMs: 150 }), {
    code: 'try-again',
    executed: 'no',
  })
  await assert.rejects(probe.run({ id: 'no-room', behaviour: 'now' }, { semantics: 'maybe' }), {
    code: 'try-again',
    executed: 'no',
  })
  assert.equal(test.executions('no-room'), 0)
})
