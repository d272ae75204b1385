/** Faults of one kind whose windows overlap, in a world of machines: the end of one is not that of the other. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Fault } from '../faults/fault.ts'
import { ScribeWorld } from './fixtures/scribe.ts'

const outer = { member: 'b', atMs: 10, untilMs: 100 } as const
const inner = { member: 'b', atMs: 20, untilMs: 40 } as const
const beyond = { member: 'b', atMs: 60, untilMs: 200 } as const
const crash = { kind: 'crash', how: 'process' } as const

/** When b gets to a message that reaches it at 50 ms, and to one at 150 ms. */
function reached(faults: readonly Fault[]): readonly string[] {
  const stage = new ScribeWorld({ faults })
  for (const atMs of [49, 149]) stage.world.at(atMs, () => stage.send(stage.a, stage.b, `of ${atMs}`))
  stage.world.run(500)
  return stage.notesOf('b#1')
}

describe('faults of one kind whose windows overlap', () => {
  it('hold a member paused for as long as one of them does', () => {
    const within = reached([
      { kind: 'pause', ...outer },
      { kind: 'pause', ...inner },
    ])
    assert.deepEqual(within, ['100.0 from a#1: of 49', '150.0 from a#1: of 149'])
    const staggered = reached([
      { kind: 'pause', ...outer },
      { kind: 'pause', ...beyond },
    ])
    assert.deepEqual(staggered, ['200.0 from a#1: of 49', '200.0 from a#1: of 149'])
  })

  it('keep a member down until the last of them is over', () => {
    for (const [other, recoveredMs] of [
      [inner, 100],
      [beyond, 200],
    ] as const) {
      const stage = new ScribeWorld({
        faults: [
          { ...crash, ...outer },
          { ...crash, ...other },
        ],
      })
      stage.world.run(500)
      assert.deepEqual(stage.notesOf('b#2'), [`${recoveredMs}.0 recovered `])
      assert.equal(stage.world.addressOf('b'), 'b#2')
    }
  })

  it('leave the slowness that goes on in force when the other ends', () => {
    const faults: readonly Fault[] = [
      { kind: 'slow', ...outer, eventMs: 7 },
      { kind: 'slow', ...inner, eventMs: 2 },
    ]
    const stage = new ScribeWorld({ faults })
    for (const atMs of [24, 49, 149])
      stage.world.at(atMs, () => {
        for (const text of ['one', 'two']) stage.send(stage.a, stage.b, text)
      })
    stage.world.run(500)
    const times = stage.notesOf('b#1').map((note) => Number.parseFloat(note))
    assert.deepEqual(times, [25, 27, 50, 57, 150, 150])
  })

  it('leave the drift that goes on in force when the other ends', () => {
    const faults: readonly Fault[] = [
      { kind: 'clock-drift', ...outer, rate: 1 },
      { kind: 'clock-drift', ...inner, rate: -0.5 },
    ]
    const stage = new ScribeWorld({ faults })
    const shown: number[] = []
    for (const atMs of [10, 20, 40, 100, 110])
      stage.world.at(atMs, () => void shown.push(Math.round(stage.world.clockMs('b'))))
    stage.world.run(500)
    assert.deepEqual(shown, [10, 30, 40, 160, 170])
  })

  it('all end when the world is healed', () => {
    const faults: readonly Fault[] = [
      { kind: 'pause', ...outer },
      { kind: 'pause', ...inner },
      { ...crash, ...outer, member: 'c' },
      { ...crash, ...inner, member: 'c' },
    ]
    const stage = new ScribeWorld({ faults })
    stage.world.run(30)
    stage.world.heal()
    assert.equal(stage.world.isPaused(stage.b), false)
    assert.equal(stage.world.addressOf('c'), 'c#2')
  })
})

it('a life that begins in a window of a pause is paused until that ends', () => {
  const stage = new ScribeWorld({
    faults: [
      { kind: 'pause', ...outer },
      { ...crash, ...inner },
    ],
  })
  stage.world.run(500)
  assert.deepEqual(stage.notesOf('b#2'), ['100.0 recovered '])
})
