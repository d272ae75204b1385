/** What each fault of a member does: crash, pause, slowness, clocks. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Fault } from '../faults/fault.ts'
import { ScribeWorld } from './fixtures/scribe.ts'

function waiting(faults: readonly Fault[], delayMs = 100): readonly string[] {
  const stage = new ScribeWorld({ faults })
  stage.world.submit(stage.a, { kind: 'wait', name: 'once', delayMs })
  stage.world.run(1_000)
  return [...stage.notesOf('a#1'), ...stage.notesOf('a#2')]
}

describe('a member', () => {
  it('that crashes is gone with its timers, and starts again as a new life at the end of the window', () => {
    const notes = waiting([{ kind: 'crash', member: 'a', how: 'process', atMs: 50, untilMs: 80 }])
    assert.deepEqual(notes, ['80.0 recovered '])
  })

  it('that crashes for good stays down', () => {
    const stage = new ScribeWorld({ faults: [{ kind: 'crash', member: 'a', how: 'machine', atMs: 50 }] })
    stage.world.run(100)
    stage.world.heal()
    stage.world.run(200)
    assert.equal(stage.world.addressOf('a'), undefined)
  })

  it('is not reached in its new life by messages to an earlier one, unless they may stray', () => {
    for (const isStraying of [false, true]) {
      const stage = new ScribeWorld({ strays: () => isStraying })
      stage.world.crash(stage.b)
      stage.world.start('b')
      stage.send(stage.a, stage.b, 'late')
      stage.world.run(10)
      const notes = ['0.0 recovered ', ...(isStraying ? ['1.0 from a#1: late'] : [])]
      assert.deepEqual(stage.notesOf('b#2'), notes)
      assert.equal(stage.world.counts.lost, isStraying ? 0 : 1)
    }
  })

  it('that is paused finds everything in its order when it goes on', () => {
    const stage = new ScribeWorld({ faults: [{ kind: 'pause', member: 'b', atMs: 1.5, untilMs: 50 }] })
    stage.world.submit(stage.b, { kind: 'wait', name: 'once', delayMs: 2.5 })
    stage.sendMany(4)
    stage.world.run(100)
    const expected = ['1.0 from a#1: 0', '50.0 from a#1: 1', '50.0 timer once', '50.0 from a#1: 2', '50.0 from a#1: 3']
    assert.deepEqual(stage.notesOf('b#1'), expected)
  })

  it('that is slow gets to its events one after the other', () => {
    const stage = new ScribeWorld({ faults: [{ kind: 'slow', member: 'b', atMs: 0, untilMs: 100, eventMs: 10 }] })
    stage.world.run(0)
    stage.sendMany(3)
    stage.world.run(200)
    stage.sendMany(2)
    stage.world.run(300)
    const times = stage.notesOf('b#1').map((note) => note.split(' ')[0])
    assert.deepEqual(times, ['1.0', '11.0', '21.0', '201.0', '202.0'])
  })

  it('holds no more messages than its bound while it is paused', () => {
    const stage = new ScribeWorld()
    stage.world.pause(stage.b)
    for (let count = 0; count < 20_010; count++) stage.send(stage.a, stage.b, 'x')
    stage.world.run(10)
    stage.world.resume(stage.b)
    assert.equal(stage.notesOf('b#1').length, 20_000)
    assert.equal(stage.world.counts.lost, 10)
  })

  const clocks: readonly (readonly [what: string, fault: Fault, notes: readonly string[], firesAtMs: number])[] = [
    ['fast fires early', { kind: 'clock-drift', member: 'a', atMs: 0, rate: 0.25 }, ['100.0 timer once'], 80],
    ['slow fires late', { kind: 'clock-drift', member: 'a', atMs: 0, rate: -0.5 }, ['100.0 timer once'], 200],
    ['right by half fires so', { kind: 'clock-drift', member: 'a', atMs: 50, rate: 1 }, ['100.0 timer once'], 75],
    [
      'ahead at once fires when its time has come',
      { kind: 'clock-jump', member: 'a', atMs: 50, jumpMs: 500, monotonic: true },
      ['550.0 timer once'],
      50,
    ],
    [
      'wrong on the wall fires as ever',
      { kind: 'clock-offset', member: 'a', atMs: 0, offsetMs: 99 },
      ['100.0 timer once'],
      100,
    ],
    [
      'leaping on the wall fires as ever',
      { kind: 'clock-jump', member: 'a', atMs: 50, jumpMs: 99 },
      ['100.0 timer once'],
      100,
    ],
  ]
  for (const [what, fault, notes, firesAtMs] of clocks) {
    it(`whose clock is ${what}`, () => {
      const stage = new ScribeWorld({ faults: [fault] })
      stage.world.run(0)
      stage.world.submit(stage.a, { kind: 'wait', name: 'once', delayMs: 100 })
      stage.world.run(firesAtMs - 0.01)
      assert.deepEqual(stage.notesOf('a#1'), [])
      stage.world.run(firesAtMs + 0.01)
      assert.deepEqual(stage.notesOf('a#1'), notes)
    })
  }

  it('whose clock has drifted keeps what it gained', () => {
    const stage = new ScribeWorld({ faults: [{ kind: 'clock-drift', member: 'a', atMs: 0, untilMs: 100, rate: 0.5 }] })
    stage.world.run(200)
    assert.equal(stage.world.clockMs('a'), 250)
    assert.equal(stage.world.clockMs('b'), 200)
  })

  it('that sets a timer anew, or clears it, does not hear the earlier one', () => {
    const stage = new ScribeWorld()
    stage.world.submit(stage.a, { kind: 'wait', name: 'one', delayMs: 10 })
    stage.world.submit(stage.a, { kind: 'wait', name: 'one', delayMs: 20 })
    stage.world.submit(stage.a, { kind: 'wait', name: 'two', delayMs: 10 })
    stage.world.submit(stage.a, { kind: 'clear', name: 'two' })
    stage.world.submit(stage.a, { kind: 'wait', name: 'three', delayMs: Number.POSITIVE_INFINITY })
    stage.world.run(100)
    assert.deepEqual(stage.notesOf('a#1'), ['20.0 timer one'])
  })
})
