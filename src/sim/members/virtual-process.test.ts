/** A life in virtual time: its events, pauses and slowness, and its clocks. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { seededRandom } from '../../lib/random.ts'
import { Timeline } from '../time/timeline.ts'
import { LocalTime } from '../time/local-time.ts'
import { VirtualClock } from './virtual-clock.ts'
import { VirtualProcess } from './virtual-process.ts'

function born(): { timeline: Timeline; process: VirtualProcess; clock: VirtualClock; ran: string[]; note: Note } {
  const timeline = new Timeline(seededRandom(1), setImmediate)
  const process = new VirtualProcess('m1', timeline, seededRandom(2))
  const ran: string[] = []
  const note: Note = (what) => () => ran.push(`${Math.round(timeline.nowMs * 100) / 100} ${what}`)
  return { timeline, process, clock: new VirtualClock(process), ran, note }
}
type Note = (what: string) => () => void

async function advance(timeline: Timeline, ms: number): Promise<void> {
  const untilMs = timeline.nowMs + ms
  timeline.enter(untilMs + 1, () => {})
  await timeline.run({ isDone: () => false, untilMs })
}

test('what is to happen on a member happens at its time, unless it is cancelled', async () => {
  const { timeline, process, ran, note } = born()
  process.at(2, note('second'))
  process.at(1, note('first'))
  const cancel = process.at(1.5, note('cancelled'))
  cancel()
  cancel()
  await advance(timeline, 5)
  assert.deepEqual(ran, ['1 first', '2 second'])
})

test('a crash drops everything that was to happen, and nothing new begins', async () => {
  const { timeline, process, clock, ran, note } = born()
  process.onEnded((how) => ran.push(`ended: ${how}`))
  process.at(2, note('at'))
  clock.after(2, note('after'))
  clock.soon(note('soon'))
  process.pause()
  await advance(timeline, 1)
  process.crash('machine')
  process.crash('process')
  process.at(3, note('later'))
  process.resume()
  await advance(timeline, 5)
  assert.deepEqual(ran, ['ended: machine'])
  assert.equal(process.isAlive, false)
})

test('a paused member does nothing, and then everything in its order, each thing once', async () => {
  const { timeline, process, clock, ran, note } = born()
  for (let index = 1; index <= 5; index++) process.at(index, note(`${index}`))
  clock.after(2.5, note('timer'))
  const cancel = process.at(3.5, note('cancelled'))
  process.pause()
  await advance(timeline, 10)
  assert.deepEqual(ran, [])
  cancel()
  process.resume()
  await advance(timeline, 1)
  assert.deepEqual(ran, ['10 1', '10 2', '10 timer', '10 3', '10 4', '10 5'])
})

test('what comes new at the end of a pause waits behind what was held', async () => {
  const { timeline, process, ran, note } = born()
  const held = Array.from({ length: 8 }, (_, index) => `held ${index}`)
  for (const [index, what] of held.entries())
    process.at(index, () => {
      note(what)()
      process.at(timeline.nowMs, note('new'))
    })
  process.pause()
  await advance(timeline, 10)
  process.resume()
  await advance(timeline, 1)
  assert.deepEqual(
    ran.map((line) => line.slice(3)),
    [...held, ...held.map(() => 'new')],
  )
})

test('promises that an event settles are done before the next held event runs', async () => {
  const { timeline, process, ran } = born()
  const later = async (what: string): Promise<void> => {
    for (let turn = 0; turn < 10; turn++) await Promise.resolve()
    ran.push(what)
  }
  process.at(1, () => void later('one'))
  process.at(2, () => ran.push('two'))
  process.pause()
  await advance(timeline, 5)
  process.resume()
  await advance(timeline, 1)
  assert.deepEqual(ran, ['one', 'two'])
})

test('a slow member does one thing, is busy, and does the next', async () => {
  const { timeline, process, ran, note } = born()
  process.setSlow(10)
  for (let index = 1; index <= 3; index++) process.at(index, note(`${index}`))
  process.at(50, note('idle again'))
  await advance(timeline, 100)
  assert.deepEqual(ran, ['1 1', '11 2', '21 3', '50 idle again'])
  process.at(101, note('busy'))
  process.at(102, note('waits'))
  await advance(timeline, 3)
  process.setSlow(0)
  await advance(timeline, 0)
  assert.deepEqual(ran.slice(4), ['101 busy', '103 waits'])
})

test('what waits on a paused member keeps no world going, and background work on a slow one neither', async () => {
  const { timeline, process, note } = born()
  process.at(1, note('held'))
  process.pause()
  assert.equal(await timeline.run({ isDone: () => false, untilMs: 100 }), 'quiet')
  const slow = born()
  slow.process.setSlow(10)
  slow.process.at(1, slow.note('foreground'))
  slow.process.at(2, slow.note('background'), true)
  slow.timeline.enter(5, () => {})
  assert.equal(await slow.timeline.run({ isDone: () => false, untilMs: 100 }), 'quiet')
  assert.deepEqual(slow.ran, ['1 foreground'])
  slow.process.at(6, slow.note('foreground'))
  assert.equal(await slow.timeline.run({ isDone: () => false, untilMs: 100 }), 'quiet')
  assert.deepEqual(slow.ran, ['1 foreground', '11 background', '21 foreground'])
})

test('what is put off runs within the moment, in its order, after the promises at hand', async () => {
  const { timeline, process, clock, ran, note } = born()
  process.at(1, () => {
    for (let index = 0; index < 20; index++) clock.soon(note(`${index}`))
    void Promise.resolve().then(note('promise'))
    clock.after(0, note('timer'))
  })
  await advance(timeline, 5)
  const soons = ran.filter((line) => /^1 \d+$/.test(line))
  assert.deepEqual(
    soons,
    Array.from({ length: 20 }, (_, index) => `1 ${index}`),
  )
  assert.equal(ran[0], '1 promise')
  assert.ok(ran.includes('1 timer'))
})

test('a clock that drifts has its timers late or early by as much, and on time for itself', async () => {
  const { timeline, process, clock, ran, note } = born()
  const [startMs, startWallMs] = [clock.now(), clock.wallMs()]
  process.setDrift(0.25)
  clock.after(100, note('fast'))
  await advance(timeline, 80)
  assert.deepEqual(ran, ['80 fast'])
  assert.equal(Math.round(clock.now() - startMs), 100)
  assert.equal(Math.round(clock.wallMs() - startWallMs), 100)
  clock.after(100, note('slows down'))
  await advance(timeline, 40)
  process.setDrift(-0.5)
  await advance(timeline, 200)
  assert.deepEqual(ran.slice(1), ['220 slows down'])
})

test('the wall clock can be off and leap either way, and no timer minds', async () => {
  const { timeline, process, clock, ran, note } = born()
  const [startMs, startWallMs] = [clock.now(), clock.wallMs()]
  clock.after(10, note('timer'))
  process.setWallOffset(5_000)
  assert.equal(clock.wallMs() - startWallMs, 5_000)
  process.jump(-3_600_000)
  assert.equal(clock.wallMs() - startWallMs, 5_000 - 3_600_000)
  process.setWallOffset(0)
  assert.equal(clock.wallMs() - startWallMs, -3_600_000)
  assert.equal(clock.now(), startMs)
  await advance(timeline, 20)
  assert.deepEqual(ran, ['10 timer'])
})

test('a leap of the monotonic clock brings on the timers whose time is thereby over', async () => {
  const { timeline, process, clock, ran, note } = born()
  const startMs = clock.now()
  clock.after(100, note('soon over'))
  clock.after(1_000, note('sooner'))
  await advance(timeline, 10)
  process.jump(500, true)
  assert.equal(clock.now() - startMs, 510)
  await advance(timeline, 1_000)
  assert.deepEqual(ran, ['10 soon over', '500 sooner'])
})

test('each life has its own origin of monotonic time, and the wall clock knows the day', () => {
  const timeline = new Timeline(seededRandom(1), setImmediate)
  const lives = [1, 2].map((seed) => new VirtualClock(new VirtualProcess('m1', timeline, seededRandom(seed))))
  assert.notEqual(lives[0]?.now(), lives[1]?.now())
  assert.equal(lives[0]?.wallMs(), Date.UTC(2026, 0, 1))
})

test('a local time is reached at the virtual time that is worked out for it, whatever rounding does', () => {
  const random = seededRandom(3)
  for (let round = 0; round < 10_000; round++) {
    const time = new LocalTime(random.next() * 1e6, random.below(1_000_000))
    time.setDrift(random.next() * 1e6, random.next() - 0.5)
    const localMs = time.monotonicAt(1e6) + random.next() * 1e4
    const virtualMs = time.virtualAt(localMs)
    assert.ok(time.monotonicAt(virtualMs) >= localMs)
    assert.ok(time.monotonicAt(virtualMs - 0.001) < localMs)
  }
})

test('whatever is ordered, monotonic time never goes back and no timer finds that its time has not come', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('drift' as const), rate: fc.double({ min: -0.9, max: 3, noNaN: true }) }),
    fc.record({ kind: fc.constant('jump' as const), ms: fc.double({ min: 0, max: 1e6, noNaN: true }) }),
    fc.record({ kind: fc.constant('timer' as const), ms: fc.double({ min: 0, max: 1e4, noNaN: true }) }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.double({ min: 0, max: 1e4, noNaN: true }) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const { timeline, process, clock } = born()
      let lastMs = clock.now()
      let pending = 0
      for (const next of steps) {
        if (next.kind === 'drift') process.setDrift(next.rate)
        else if (next.kind === 'jump') process.jump(next.ms, true)
        else if (next.kind === 'wait') await advance(timeline, next.ms)
        else {
          const dueMs = clock.now() + next.ms
          pending++
          clock.after(next.ms, () => {
            pending--
            assert.ok(clock.now() >= dueMs)
          })
        }
        assert.ok(clock.now() >= lastMs)
        lastMs = clock.now()
      }
      await advance(timeline, 200_000)
      assert.equal(pending, 0)
    }),
    { numRuns: 100 },
  )
})
