/** What each fault of links and partitions does to messages of machines. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Fault } from '../faults/fault.ts'
import { ScribeWorld } from './fixtures/scribe.ts'

const window = { atMs: 0, untilMs: 10_000 }

/** The numbers of the messages that came to b, in their order. */
function arrived(stage: ScribeWorld, at = 'b#1'): readonly number[] {
  return stage.notesOf(at).map((note) => Number(note.split(': ')[1]))
}

function played(faults: readonly Fault[], count = 1_000): ScribeWorld {
  const stage = new ScribeWorld({ faults })
  stage.world.run(0.5)
  stage.sendMany(count)
  stage.world.run(20_000)
  return stage
}

describe('a fault of the network', () => {
  it('that is not there does nothing: every message comes once, after its delay', () => {
    const stage = played([], 3)
    assert.deepEqual(stage.notesOf('b#1'), ['1.5 from a#1: 0', '2.5 from a#1: 1', '3.5 from a#1: 2'])
    assert.deepEqual(stage.world.counts.sent, 3)
    assert.deepEqual(stage.world.counts.delivered, 3)
  })

  it('loses about as many messages as its rate says, and counts them', () => {
    const stage = played([{ kind: 'loss', ...window, rate: 0.3 }])
    const { lost, delivered } = stage.world.counts
    assert.ok(lost > 230 && lost < 370, `${lost}`)
    assert.equal(delivered, 1_000 - lost)
    assert.equal(arrived(stage).length, delivered)
  })

  it('repeats about as many messages as its rate says', () => {
    const stage = played([{ kind: 'duplicate', ...window, rate: 0.3 }])
    const { duplicated } = stage.world.counts
    assert.ok(duplicated > 230 && duplicated < 370, `${duplicated}`)
    assert.equal(arrived(stage).length, 1_000 + duplicated)
  })

  it('lets messages be overtaken, and loses none', () => {
    const numbers = arrived(played([{ kind: 'reorder', ...window, rate: 0.2, laterMsMax: 10 }]))
    assert.deepEqual(
      numbers.toSorted((left, right) => left - right),
      Array.from({ length: 1_000 }, (_, index) => index),
    )
    const overtaken = numbers.filter((number, index) =>
      numbers.slice(index + 1, index + 20).some((next) => next < number),
    )
    assert.ok(overtaken.length > 50, `${overtaken.length}`)
  })

  it('makes messages late', () => {
    const stage = played([{ kind: 'delay', ...window, delay: { kind: 'constant', ms: 40 } }], 1)
    assert.deepEqual(stage.notesOf('b#1'), ['40.5 from a#1: 0'])
  })

  it('lets bytes pass one message after the other', () => {
    const stage = new ScribeWorld({ faults: [{ kind: 'bandwidth', ...window, bytesPerMs: 10 }], sizeOf: () => 100 })
    stage.world.run(0)
    for (const text of ['0', '1', '2']) stage.send(stage.a, stage.b, text)
    stage.send(stage.c, stage.b, '3')
    stage.world.run(100)
    const times = stage.notesOf('b#1').map((note) => Number(note.split(' from ')[0]))
    assert.deepEqual(
      times.toSorted((left, right) => left - right),
      [11, 11, 21, 31],
    )
  })

  it('that starves a link loses what would wait for it without end', () => {
    const stage = new ScribeWorld({ faults: [{ kind: 'bandwidth', ...window, bytesPerMs: 1 }], sizeOf: () => 4_000 })
    stage.world.run(0)
    for (const text of ['0', '1', '2', '3']) stage.send(stage.a, stage.b, text)
    stage.world.run(30_000)
    assert.deepEqual(arrived(stage), [0, 1])
    assert.equal(stage.world.counts.lost, 2)
  })

  it('breaks a link: what is under way is lost both ways, and the program hears of it', () => {
    const breaks: string[] = []
    const faults: readonly Fault[] = [{ kind: 'break', atMs: 2, untilMs: 3, from: 'a', to: 'b', rate: 1 }]
    const stage = new ScribeWorld({ faults, onBreak: (one, other) => void breaks.push(`${one} ${other}`) })
    stage.world.at(1.8, () => stage.send(stage.a, stage.b, '0'))
    stage.world.at(1.8, () => stage.send(stage.b, stage.a, '1'))
    stage.world.at(2.5, () => stage.send(stage.a, stage.b, '2'))
    stage.world.at(3.5, () => stage.send(stage.a, stage.b, '3'))
    stage.world.run(10)
    assert.deepEqual(arrived(stage), [3])
    assert.deepEqual(arrived(stage, 'a#1'), [])
    assert.deepEqual(breaks, ['a#1 b#1'])
  })

  it('holds on its own link only, and within its window only', () => {
    const stage = new ScribeWorld({ faults: [{ kind: 'loss', atMs: 10, untilMs: 20, from: 'a', to: 'b', rate: 1 }] })
    stage.sendMany(30)
    stage.sendMany(30, 1, stage.c)
    stage.world.run(100)
    const ofA = stage.notesOf('b#1').filter((note) => note.includes('from a#1'))
    assert.equal(stage.notesOf('b#1').length - ofA.length, 30)
    assert.ok(ofA.length >= 19 && ofA.length <= 21, `${ofA.length}`)
  })

  const cuts: readonly (readonly [shape: 'one-way' | 'both-ways' | 'bridge', passes: readonly string[]])[] = [
    ['one-way', ['b a', 'b c', 'c a', 'c b']],
    ['both-ways', ['b c', 'c b']],
    ['bridge', ['a b', 'a c', 'b a', 'b c', 'c a', 'c b']],
  ]
  for (const [shape, passes] of cuts) {
    it(`cuts a from b and c ${shape}`, () => {
      const stage = new ScribeWorld({ faults: [{ kind: 'partition', ...window, shape, sides: [['a'], ['b', 'c']] }] })
      stage.world.run(0)
      const all = [stage.a, stage.b, stage.c]
      for (const from of all) for (const to of all) if (from !== to) stage.send(from, to, 'x')
      stage.world.run(10)
      const passed = all.flatMap((to) => stage.notesOf(to).map((note) => `${note.slice(9, 10)} ${to.slice(0, 1)}`))
      assert.deepEqual(passed.toSorted(), passes)
    })
  }
})
