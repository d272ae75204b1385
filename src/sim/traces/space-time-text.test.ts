/** What the diagram in text shows, and that it keeps to its width whatever a trace holds. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { TraceEffect, TraceEvent, TraceInput } from '../../edges/trace.ts'
import type { Address } from '../../lib/identifiers.ts'
import { describeEvent } from './describe-event.ts'
import { generatedTrace } from './fixtures/generated-trace.ts'
import { spaceTimeOf } from './space-time.ts'
import { spaceTimeText } from './space-time-text.ts'

function event(atMs: number, member: string, input: TraceInput, effects: readonly TraceEffect[] = []): TraceEvent {
  const [v, machine] = [1, 'rpc'] as const
  return { v, atMs, machine, member: member as Address, sequence: 1, lamport: 1, input, effects }
}
const call: TraceInput = { kind: 'call', type: 'call', detail: {} }
const send = (to: string, id: string, type = 'REQ'): TraceEffect => ({
  kind: 'send',
  to: to as Address,
  id,
  type,
  detail: {},
})
const receipt = (from: string, id: string, type = 'REQ'): TraceInput => ({
  kind: 'message',
  from: from as Address,
  id,
  type,
  detail: {},
})
const world = (atMs: number, member: string, type: string, detail: object = {}): TraceEvent => ({
  ...event(atMs, member, { kind: 'call', type, detail }),
  machine: 'world',
})

describe('the diagram of space and time in text', () => {
  it('draws a call, its loss, a duplicate, a crash and a new life', () => {
    const text = spaceTimeText(
      [
        event(0, 'm1#1', call, [send('m2#1', 'm1#1:1'), { kind: 'set-timer', type: 'due', detail: { delayMs: 50 } }]),
        event(1.5, 'm2#1', receipt('m1#1', 'm1#1:1'), [
          { kind: 'outcome', type: 'deliver', detail: { caller: 'm1#1' } },
          send('m1#1', 'm2#1:2', 'REP'),
        ]),
        event(2, 'm2#1', receipt('m1#1', 'm1#1:1')),
        world(3, 'm2#1', 'crash', { how: 'process', isOn: true }),
        world(4, 'world#0', 'partition', { shape: 'ring' }),
        event(5, 'm1#1', { kind: 'timer', type: 'due', detail: {} }, [send('m3#1', 'm1#1:3', 'AYA')]),
        event(6, 'm2#2', call, [send('m2#2', 'm2#2:4')]),
        event(7, 'm2#2', receipt('m2#2', 'm2#2:4')),
      ],
      { width: 84 },
    )
    assert.deepEqual(text.split('\n').slice(1), [
      '            m1#1                    m2#1                    m3 (no steps)',
      '     0.000  o call call             │',
      '            │ REQ 1 to m2           │',
      '            │ set due 50 ms         │',
      '     1.500  ├─────── REQ 1 ────────>o',
      '            │                       │ = deliver caller=m1#1',
      '            │x────── REP 2 ─────────┤',
      '     2.000  ├──── REQ 1 again ─────>o',
      '     3.000  │                       X crash how=process',
      '     4.000  ── partition shape=ring ────────────────────────────────────────────────',
      '     5.000  o timer due',
      '            ├─────── AYA 3 ────────────────────────────────?',
      '            │                       ┬ m2#2',
      '     6.000  │                       o call call',
      '            │                       │ REQ 4 to m2',
      '     7.000  │                       o REQ 4 from itself',
      '',
    ])
  })

  it('draws every message that arrives or is lost as one arrow for each of its arrivals', () => {
    const events = generatedTrace({ seed: 5, members: 5, events: 400 })
    const { messages } = spaceTimeOf(events)
    const arrows = messages.reduce((count, { arrivals }) => count + Math.max(1, arrivals.length), 0)
    const lines = spaceTimeText(events).split('\n').slice(1)
    assert.equal(lines.filter((line) => /[├┤]/.test(line)).length, arrows)
    assert.ok(messages.some(({ fate }) => fate === 'lost') && messages.some(({ arrivals }) => arrivals.length > 1))
  })

  it('has no line over its width, for any number of members', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 14 }),
        fc.integer({ min: 40, max: 150 }),
        fc.nat(),
        (members, width, seed) => {
          const text = spaceTimeText(generatedTrace({ seed, members, events: 60 }), { width })
          for (const line of text.split('\n')) assert.ok(line.length <= width, line)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('gives a line for each event where there are too many members for columns', () => {
    const events = generatedTrace({ seed: 2, members: 20, events: 50 })
    const lines = spaceTimeText(events, { width: 100 }).trimEnd().split('\n')
    assert.equal(lines.length, events.length + 1)
    assert.match(lines[0] ?? '', /^\d\d members are too many/)
  })

  it('of an empty trace is only its legend', () => {
    assert.deepEqual(spaceTimeText([]).trim().split('\n').length, 1)
  })

  it('draws a fault at the member that it names, also where it is an event of the world itself', () => {
    const on = world(1, 'world#0', 'crash', { isOn: true, atMs: 1, member: 'm1', how: 'machine' })
    const off = world(2, 'world#0', 'crash', { isOn: false, atMs: 1, member: 'm1', how: 'machine' })
    const lines = spaceTimeText([event(0, 'm1#1', call), on, off, world(3, 'm1#0', 'start', { life: 2 })]).split('\n')
    assert.deepEqual(lines.slice(2, 6), [
      '     0.000  o call call',
      '     1.000  X crash member=m1 how=machine',
      '     2.000  + crash ends member=m1 how=machine',
      '     3.000  + start life=2',
    ])
  })

  it('counts from the first event where times are those of a host', () => {
    const text = spaceTimeText([event(1_795_325_902_299, 'm1#1', call), event(1_795_325_902_301, 'm1#1', call)])
    assert.match(text, / 2\.000 {2}o call call/)
  })

  it('shows a message after its sending, also where the clocks of two hosts differ', () => {
    const text = spaceTimeText([
      event(1, 'm2#1', receipt('m1#1', 'm1#1:1')),
      event(9, 'm1#1', call, [send('m2#1', 'm1#1:1')]),
    ])
    assert.ok(text.indexOf('REQ 1 to m2') < text.indexOf('─ REQ 1 ─') && text.includes('REQ 1 to m2'))
  })

  it('holds nothing that a terminal would obey', () => {
    const evil = '\u001b[2J\u0007\u009b31m\u202eX\nY'
    const events = [
      event(0, 'm1#1', { kind: 'call', type: evil, detail: { [evil]: evil } }, [send('m2#1', 'm1#1:1', evil)]),
    ]
    for (const text of [spaceTimeText(events).replaceAll('\n', ''), describeEvent(events[0] ?? world(0, 'm1#1', 'x'))])
      assert.doesNotMatch(text, /[\p{Cc}\p{Cf}]/u)
  })
})

describe('the description of an event', () => {
  it('says when, who, what went in and what came of it, in one line', () => {
    const step = event(12.4, 'm2#1', { ...receipt('m1#1', 'm1#1:1'), detail: { slot: 0 } }, [
      { kind: 'outcome', type: 'deliver', detail: { caller: 'm1#1' } },
      send('m1#1', 'm2#1:2', 'REP'),
      { kind: 'clear-timer', type: 'due', detail: {} },
    ])
    assert.equal(
      describeEvent(step),
      '    12.400  m2#1  rpc  REQ from m1#1 slot=0 -> outcome deliver caller=m1#1, send REP to m1#1, clear due',
    )
    assert.equal(
      describeEvent(world(3, 'm2#1', 'crash', { how: 'process', isOn: false })),
      '     3.000  m2#1  crash ends how=process',
    )
  })

  it('is no longer than it may be', () => {
    const step = event(1, 'm1#1', { kind: 'call', type: 'x'.repeat(500), detail: { y: 'z'.repeat(9_000) } })
    assert.equal(describeEvent(step, 80).length, 80)
  })
})
