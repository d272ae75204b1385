/** What a trace of a simple call says, and that the two ends agree on the identifiers of their messages. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { System } from '../../src/cardumen.ts'
import type { TraceEvent } from '../../src/edges/trace.ts'
import { Probe } from './fixtures/probe-service.ts'
import { TestSystem } from './fixtures/test-system.ts'

describe('a trace', () => {
  let test: TestSystem
  let caller: System
  let server: System
  before(async () => {
    test = await TestSystem.begin()
    caller = await test.join({ name: 'caller' })
    server = await test.join({ name: 'server' })
    await test.serveHere(server, { name: 'probe' })
    await test.serveHere(caller, { name: 'own' })
  })
  after(() => test[Symbol.asyncDispose]())

  /** The traces of both while `work` is done. */
  async function traced(
    work: () => Promise<unknown>,
  ): Promise<{ readonly atCaller: readonly TraceEvent[]; readonly atServer: readonly TraceEvent[] }> {
    caller.member.traces.startRecording()
    server.member.traces.startRecording()
    await work()
    return { atCaller: caller.member.traces.stopRecording(), atServer: server.member.traces.stopRecording() }
  }

  function sentIds(events: readonly TraceEvent[], to: string): readonly string[] {
    return events.flatMap((event) =>
      event.effects.flatMap((effect) => (effect.kind === 'send' && effect.to === to ? [effect.id] : [])),
    )
  }

  function receivedIds(events: readonly TraceEvent[], from: string): readonly string[] {
    return events.flatMap(({ input }) => (input.kind === 'message' && input.from === from ? [input.id] : []))
  }

  it('of a call reads as the documented format, a line for each step', async () => {
    const { atCaller, atServer } = await traced(() =>
      caller.open(Probe, 'probe').run({ id: 'traced', behaviour: 'now' }, { timeoutMs: Number.POSITIVE_INFINITY }),
    )
    const addresses = { [caller.member.address]: 'CALLER', [server.member.address]: 'SERVER' }
    assert.deepEqual(golden(atCaller, addresses), [
      'CALLER call call -> send REQ to SERVER, set-timer due',
      'CALLER call relinked -> ',
      'CALLER message REP from SERVER -> set-timer acknowledge, outcome completed',
    ])
    assert.deepEqual(golden(atServer, addresses), [
      'SERVER call relinked -> ',
      'SERVER message REQ from CALLER -> outcome deliver',
      'SERVER call reply -> send REP to CALLER',
    ])
    const [first, second] = atCaller
    assert.ok(first !== undefined && second !== undefined)
    assert.deepEqual(Object.keys(first), ['v', 'atMs', 'machine', 'member', 'sequence', 'lamport', 'input', 'effects'])
    assert.deepEqual([first.v, first.machine, second.sequence - first.sequence], [1, 'rpc', 1])
    assert.ok(second.lamport > first.lamport)
    assert.deepEqual(JSON.parse(JSON.stringify(atCaller)), atCaller, 'it survives a line of JSON')
    assert.ok(!JSON.stringify(atServer).includes('traced'), 'it shows the size of a body, not what is in it')
  })

  it('has the same identifiers at both ends, also of messages that waited for a link or behind others', async () => {
    const late = await test.join({ name: 'late' })
    await test.serveHere(late, { name: 'late' })
    caller.member.traces.startRecording()
    late.member.traces.startRecording()
    const probe = caller.open(Probe, 'late')
    await Promise.all([
      ...Array.from({ length: 50 }, (_, index) =>
        probe.run({ id: `waits-${index}`, behaviour: 'now' }, { priority: index % 2 === 0 ? 0 : 3 }),
      ),
      ...Array.from({ length: 4 }, () => probe.echo(new Uint8Array(300_000))),
    ])
    const atCaller = caller.member.traces.stopRecording()
    const atLate = late.member.traces.stopRecording()
    const sent = sentIds(atCaller, late.member.address)
    const answers = sentIds(atLate, caller.member.address)
    assert.equal(new Set([...sent, ...answers]).size, sent.length + answers.length, 'no identifier is used twice')
    assert.deepEqual([...receivedIds(atLate, caller.member.address)].sort(), [...sent].sort())
    assert.deepEqual([...receivedIds(atCaller, late.member.address)].sort(), [...answers].sort())
  })

  it('has the same identifiers at both ends of a message to oneself', async () => {
    const { atCaller } = await traced(() => caller.open(Probe, 'own').run({ id: 'own', behaviour: 'now' }))
    const sent = sentIds(atCaller, caller.member.address)
    assert.equal(new Set(sent).size, 2)
    assert.deepEqual(receivedIds(atCaller, caller.member.address), sent)
  })

  it('never makes a receipt earlier than what was sent', async () => {
    const { atCaller, atServer } = await traced(() =>
      caller.open(Probe, 'probe').run({ id: 'order', behaviour: 'now' }),
    )
    const times = [atCaller.at(0), atServer.at(0), atServer.at(-1), atCaller.at(-1)].map((event) => event?.lamport ?? 0)
    assert.deepEqual(
      times,
      [...times].sort((left, right) => left - right),
    )
  })
})

/** What does not differ from run to run. */
function golden(events: readonly TraceEvent[], names: Readonly<Record<string, string>>): readonly string[] {
  return events.map(({ member, input, effects }) => {
    const from = input.kind === 'message' ? ` from ${names[input.from]}` : ''
    const done = effects.map(
      (effect) => `${effect.kind} ${effect.type}${effect.kind === 'send' ? ` to ${names[effect.to]}` : ''}`,
    )
    return `${names[member]} ${input.kind} ${input.type}${from} -> ${done.join(', ')}`
  })
}
