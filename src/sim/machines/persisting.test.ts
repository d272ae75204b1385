/** The contract of a machine's effects with the disk, and what a crash and a bad disk leave. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Fault } from '../faults/fault.ts'
import { ScribeWorld } from './fixtures/scribe.ts'

const whole = { atMs: 0, untilMs: 10_000 }

function ready(faults: readonly Fault[] = []): ScribeWorld {
  const stage = new ScribeWorld({ faults })
  stage.world.run(0)
  return stage
}

describe('what follows a record', () => {
  it('leaves when the record is on disk, before the machine hears so', () => {
    const stage = ready()
    stage.keep(stage.a, ['x'])
    stage.world.run(4.9)
    assert.deepEqual([stage.outcomes, stage.world.counts.sent], [[], 0])
    stage.world.run(20)
    assert.deepEqual(stage.outcomes, ['5.0 after x'])
    assert.deepEqual(stage.notesOf('a#1'), ['5.0 persisted x'])
    assert.deepEqual(stage.notesOf('b#1'), ['6.0 from a#1: after x'])
  })

  it('also waits when it is sent by a later step, and does not overtake', () => {
    const stage = ready()
    stage.keep(stage.a, ['x'])
    stage.world.after(2, () => stage.send(stage.a, stage.b, 'plain'))
    stage.world.after(7, () => stage.send(stage.a, stage.b, 'later'))
    stage.world.run(6.9)
    assert.deepEqual(stage.notesOf('b#1').toSorted(), ['6.0 from a#1: after x', '6.0 from a#1: plain'])
    stage.world.run(20)
    assert.equal(stage.notesOf('b#1').at(-1), '8.0 from a#1: later')
  })

  it('waits for its own records only, and records of one moment share a sync', () => {
    const stage = ready()
    stage.keep(stage.a, ['x', 'y'])
    stage.world.after(2, () => stage.keep(stage.a, ['z']))
    stage.world.run(50)
    assert.deepEqual(stage.outcomes, ['5.0 after x', '5.0 after y', '10.0 after z'])
    assert.deepEqual(stage.notesOf('a#1'), ['5.0 persisted x', '5.0 persisted y', '10.0 persisted z'])
  })

  it('never holds up another member', () => {
    const stage = ready()
    stage.keep(stage.a, ['x'])
    stage.send(stage.c, stage.b, 'free')
    stage.world.run(2)
    assert.deepEqual(stage.notesOf('b#1'), ['1.0 from c#1: free'])
  })

  it('waits with a paused member', () => {
    const stage = ready([{ kind: 'pause', member: 'a', atMs: 2, untilMs: 30 }])
    stage.keep(stage.a, ['x'])
    stage.world.run(50)
    assert.deepEqual(stage.outcomes, ['30.0 after x'])
  })

  const failing: readonly (readonly [fault: Fault, code: string])[] = [
    [{ kind: 'disk-full', member: 'a', ...whole }, 'disk-full'],
    [{ kind: 'sync-failure', member: 'a', ...whole, rate: 1 }, 'disk-failed'],
  ]
  for (const [fault, code] of failing) {
    it(`never leaves where the record could not be kept (${code}), nor does what came since`, () => {
      const stage = ready([fault])
      stage.keep(stage.a, ['x', 'y'])
      stage.world.after(2, () => stage.keep(stage.a, ['z']))
      stage.world.run(50)
      assert.deepEqual(stage.outcomes, [])
      assert.deepEqual(stage.notesOf('b#1'), [])
      assert.deepEqual(stage.notesOf('a#1'), [
        `5.0 failed x: ${code}`,
        `5.0 failed y: ${code}`,
        `5.0 failed z: ${code}`,
      ])
      assert.equal(stage.world.counts.recordsFailed, 3)
    })
  }

  it('leaves again when the disk has room again', () => {
    const stage = ready([{ kind: 'disk-full', member: 'a', atMs: 0, untilMs: 20 }])
    stage.keep(stage.a, ['x'])
    stage.world.after(30, () => stage.keep(stage.a, ['y']))
    stage.world.run(100)
    assert.deepEqual(stage.outcomes, ['35.0 after y'])
  })

  it('fails from the first record on that found no room, so the log has no hole', () => {
    const stage = ready([{ kind: 'disk-full', member: 'a', atMs: 2, untilMs: 3 }])
    stage.keep(stage.a, ['x'])
    stage.world.after(1, () => stage.keep(stage.a, ['kept']))
    stage.world.after(2.5, () => stage.keep(stage.a, ['refused']))
    stage.world.after(4, () => stage.keep(stage.a, ['behind']))
    stage.world.run(50)
    assert.deepEqual(stage.outcomes, ['5.0 after x', '10.0 after kept'])
    stage.world.crash(stage.a)
    stage.world.start('a')
    assert.deepEqual(stage.notesOf('a#2'), ['50.0 recovered x,kept'])
  })
})

describe('a new life', () => {
  /** Keeps x, y (synced) and z, crashes in the middle of the sync of z, and starts again. */
  function recovered(how: 'process' | 'machine', faults: readonly Fault[] = []): ScribeWorld {
    const stage = ready([...faults, { kind: 'crash', member: 'a', how, atMs: 12, untilMs: 20 }])
    stage.keep(stage.a, ['x', 'y'])
    stage.world.after(10, () => stage.keep(stage.a, ['z']))
    stage.world.run(100)
    assert.deepEqual(stage.outcomes, ['5.0 after x', '5.0 after y'])
    return stage
  }

  it('finds what was synced before its machine crashed, and nothing else', () => {
    const stage = recovered('machine')
    assert.deepEqual(stage.notesOf('a#2'), ['20.0 recovered x,y'])
    assert.equal(stage.world.counts.recordsLost, 1)
  })

  it('finds also what was handed to the system before its process crashed', () => {
    assert.deepEqual(recovered('process').notesOf('a#2'), ['20.0 recovered x,y,z'])
  })

  it('does not find a record that was torn in two', () => {
    const stage = recovered('process', [{ kind: 'torn-write', member: 'a', ...whole, rate: 1 }])
    assert.deepEqual(stage.notesOf('a#2'), ['20.0 recovered x,y'])
    assert.equal(stage.world.counts.recordsTorn, 1)
  })

  it('finds the log ended at the first damaged record, and it stays so', () => {
    const stage = recovered('process', [{ kind: 'bit-flip', member: 'a', atMs: 15, untilMs: 25, rate: 1 }])
    assert.deepEqual(stage.notesOf('a#2'), ['20.0 recovered '])
    assert.equal(stage.world.counts.recordsDamaged, 3)
    stage.world.crash(stage.world.addressOf('a') ?? stage.a)
    stage.world.start('a')
    assert.deepEqual(stage.notesOf('a#3'), ['100.0 recovered '])
  })
})

const aWindow = fc.tuple(fc.double({ min: 0, max: 90, noNaN: true }), fc.double({ min: 1, max: 30, noNaN: true }))
const aFault = fc
  .tuple(fc.constantFrom('disk-full', 'sync-failure', 'torn-write', 'pause', 'slow', 'crash', 'kill'), aWindow)
  .map(([kind, [atMs, forMs]]): Fault => {
    const on = { member: 'a', atMs, untilMs: atMs + forMs }
    switch (kind) {
      case 'disk-full':
      case 'pause':
        return { kind, ...on }
      case 'sync-failure':
      case 'torn-write':
        return { kind, ...on, rate: 0.5 }
      case 'slow':
        return { kind, ...on, eventMs: 3 }
      default:
        return { kind: 'crash', ...on, how: kind === 'crash' ? 'machine' : 'process' }
    }
  })

describe('whatever a disk, a crash or a pause does', () => {
  it('nothing that was said after a record is known to anyone while the record is not on disk', () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(aFault, { maxLength: 6 }), (seed, faults) => {
        const { stage, kept } = keptUnder(seed, faults)
        const said = [...stage.outcomes, ...stage.notesOf('b#1')].map((text) => text.split('after ')[1] ?? '')
        for (const record of said)
          assert.ok(kept.includes(record), `${record} was said, and is not among ${kept.join()}`)
        const inOrder = kept.toSorted((left, right) => Number(left) - Number(right))
        assert.deepEqual(kept, inOrder)
        assert.equal(new Set(kept).size, kept.length)
      }),
    )
  })
})

/** Keeps a record each 2 ms for 100 ms; `kept` is what a last life finds. */
function keptUnder(seed: number, faults: readonly Fault[]): { stage: ScribeWorld; kept: readonly string[] } {
  const stage = new ScribeWorld({ seed, faults })
  for (let number = 1; number <= 50; number++) {
    stage.world.at(number * 2, () => stage.keep(stage.world.addressOf('a') ?? stage.a, [String(number)]))
  }
  stage.world.run(2_000)
  stage.world.crash(stage.world.addressOf('a') ?? stage.a, 'machine')
  const last = stage.notesOf(stage.world.start('a'))
  return {
    stage,
    kept:
      last[0]
        ?.split('recovered ')[1]
        ?.split(',')
        .filter((record) => record !== '') ?? [],
  }
}
