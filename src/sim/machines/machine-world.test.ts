/** What a world promises as a whole: the seed decides, memory stays, a trace tells everything. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TraceEvent } from '../../edges/trace.ts'
import type { Fault } from '../faults/fault.ts'
import { ScribeWorld } from './fixtures/scribe.ts'

const faults: readonly Fault[] = [
  { kind: 'loss', atMs: 0, untilMs: 500, rate: 0.1 },
  { kind: 'delay', atMs: 100, untilMs: 300, delay: { kind: 'exponential', minMs: 1, meanMs: 5, maxMs: 50 } },
  { kind: 'crash', member: 'b', how: 'machine', atMs: 200, untilMs: 250 },
]

function played(seed: number, onTrace?: (event: TraceEvent) => void): ScribeWorld {
  const stage = new ScribeWorld({ seed, faults, ...(onTrace === undefined ? {} : { onTrace }) })
  stage.sendMany(500)
  stage.sendMany(500, 1, stage.b, stage.c)
  stage.keep(stage.a, ['x'])
  stage.world.run(1_000)
  return stage
}

describe('a world of machines', () => {
  it('goes the same way from the same seed, and another way from another', () => {
    assert.equal(played(5).world.digest, played(5).world.digest)
    assert.deepEqual(played(5).notesOf('c#1'), played(5).notesOf('c#1'))
    assert.notEqual(played(5).world.digest, played(6).world.digest)
  })

  it('goes the same way whether or not it is traced, to the byte', () => {
    const [one, other]: [string[], string[]] = [[], []]
    const traced = played(5, (event) => void one.push(JSON.stringify(event)))
    played(5, (event) => void other.push(JSON.stringify(event)))
    assert.equal(traced.world.digest, played(5).world.digest)
    assert.deepEqual(one, other)
  })

  it('is disturbed by a fault of one link on that link only', () => {
    const quiet = new ScribeWorld()
    const lossy = new ScribeWorld({ faults: [{ kind: 'loss', atMs: 0, from: 'a', to: 'b', rate: 0.5 }] })
    for (const stage of [quiet, lossy]) {
      stage.sendMany(100)
      stage.sendMany(100, 1, stage.a, stage.c)
      stage.world.run(1_000)
    }
    assert.deepEqual(lossy.notesOf('c#1'), quiet.notesOf('c#1'))
    assert.notDeepEqual(lossy.notesOf('b#1'), quiet.notesOf('b#1'))
  })

  it('draws the order of what happens at one moment, unless it is told to keep that of the causes', () => {
    const orderOf = (seed: number, order: 'drawn' | 'caused'): string => {
      const stage = new ScribeWorld({ seed, order })
      for (const text of ['0', '1', '2', '3', '4', '5']) stage.send(stage.a, stage.b, text)
      stage.world.run(10)
      return stage
        .notesOf('b#1')
        .map((note) => note.slice(-1))
        .join('')
    }
    assert.equal(orderOf(1, 'caused'), '012345')
    assert.notEqual(orderOf(1, 'drawn'), orderOf(2, 'drawn'))
  })

  it('does not grow with virtual time', () => {
    const stage = new ScribeWorld()
    for (const member of [stage.a, stage.b, stage.c]) {
      stage.world.submit(member, { kind: 'wait', name: 'tick', delayMs: 10 })
      for (let count = 0; count < 1_000; count++)
        stage.world.submit(member, { kind: 'wait', name: 'far', delayMs: 1e9 })
    }
    stage.world.run(100_000)
    assert.equal(stage.world.counts.events, 3 * (1_001 + 10_000))
    assert.equal(stage.world.agendaSize, 6)
  })

  it('that runs in a circle says so', () => {
    const stage = new ScribeWorld()
    const again = (): void => stage.world.after(0, again)
    again()
    assert.throws(() => stage.world.run(1), /runs in a circle at 0 ms/)
  })

  it('lifts every fault when it is healed, and lets no further one come', () => {
    const stage = new ScribeWorld({
      faults: [
        { kind: 'loss', atMs: 0, rate: 1 },
        { kind: 'pause', member: 'c', atMs: 0 },
        { kind: 'crash', member: 'b', how: 'process', atMs: 0, untilMs: 9_000 },
        { kind: 'crash', member: 'a', how: 'process', atMs: 50, untilMs: 60 },
      ],
    })
    stage.world.run(10)
    stage.world.heal()
    const { world, a, c } = stage
    world.submit(a, { kind: 'send', to: c, text: 'x' })
    world.run(10_000)
    assert.deepEqual(stage.notesOf('c#1'), ['11.0 from a#1: x'])
    assert.equal(world.addressOf('b'), 'b#2')
    assert.equal(world.addressOf('a'), 'a#1')
    assert.deepEqual(world.faults, { loss: 1, pause: 1, crash: 1 })
  })
})

describe('a trace of a world', () => {
  it('has faults as events of the world, and messages under the name that their sender gave them', () => {
    const events: TraceEvent[] = []
    const stage = new ScribeWorld({
      faults: [{ kind: 'delay', atMs: 2, untilMs: 3, delay: { kind: 'constant', ms: 9 } }],
      onTrace: (event) => void events.push(event),
    })
    stage.send(stage.a, stage.b, 'x')
    stage.world.run(10)
    const base = { v: 1, effects: [] }
    const detail = { atMs: 2, untilMs: 3, delay: { kind: 'constant', ms: 9 } }
    const sent = { kind: 'send', to: 'b#1', id: 'a#1:2', type: 'note', detail: { text: 'x' } }
    assert.deepEqual(events, [
      {
        ...{ ...base, atMs: 0, machine: 'scribe', member: 'a#1', sequence: 1, lamport: 2 },
        ...{ input: { kind: 'call', type: 'send', detail: { to: 'b#1', text: 'x' } }, effects: [sent] },
      },
      {
        ...{ ...base, atMs: 1, machine: 'scribe', member: 'b#1', sequence: 1, lamport: 3 },
        input: { kind: 'message', from: 'a#1', id: 'a#1:2', type: 'note', detail: { text: 'x' } },
      },
      ...[true, false].map((isOn, index) => ({
        ...{ ...base, atMs: 2 + index, machine: 'world', member: 'world#0', sequence: index + 1, lamport: 0 },
        input: { kind: 'call', type: 'delay', detail: { ...detail, isOn } },
      })),
    ])
  })
})
