/** What virtual time promises to asynchronous programs: one event, then all that follows from it, then the next. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { randomStream } from '../random-streams.ts'
import { Timeline } from './timeline.ts'

/** More than the turns that are asked for at once. */
const events = 100

function newTimeline(): Timeline {
  return new Timeline(randomStream(1, 'ties'), (run) => void setImmediate(run))
}

describe('a timeline', () => {
  it('lets all that an event settles happen before the next event of the same moment', async () => {
    const timeline = newTimeline()
    const seen: string[] = []
    const program = async (name: number): Promise<void> => {
      for (let wait = 0; wait < 5; wait++) {
        seen.push(`${name}.${wait}`)
        await new Promise<void>((resolve) => process.nextTick(resolve))
      }
    }
    for (let name = 0; name < events; name++) timeline.enter(1, () => void program(name))
    assert.equal(await timeline.run({ isDone: () => false, untilMs: 10 }), 'quiet')
    const order = seen.filter((each) => each.endsWith('.0')).map((each) => each.slice(0, -2))
    assert.deepEqual(
      seen,
      order.flatMap((name) => [0, 1, 2, 3, 4].map((wait) => `${name}.${wait}`)),
    )
    assert.equal(order.length, events)
  })

  it('runs nothing more once the goal is reached, and goes on there in the next run', async () => {
    const timeline = newTimeline()
    let ran = 0
    for (let atMs = 1; atMs <= events; atMs++) timeline.enter(atMs, () => void ran++)
    assert.equal(await timeline.run({ isDone: () => ran === 3, untilMs: 10 * events }), 'done')
    for (let turn = 0; turn < events; turn++) await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual([ran, timeline.nowMs], [3, 3])
    assert.equal(await timeline.run({ isDone: () => ran === events, untilMs: 50 }), 'time')
    assert.deepEqual([ran, timeline.nowMs], [50, 50])
    assert.equal(await timeline.run({ isDone: () => false, untilMs: 10 * events }), 'quiet')
    assert.equal(ran, events)
  })

  it('rejects with what an event threw, and runs no other', async () => {
    const timeline = newTimeline()
    let ran = 0
    timeline.enter(1, () => {
      throw new RangeError('a planted mistake')
    })
    timeline.enter(2, () => void ran++)
    await assert.rejects(timeline.run({ isDone: () => false, untilMs: 10 }), RangeError)
    for (let turn = 0; turn < events; turn++) await new Promise((resolve) => setImmediate(resolve))
    assert.equal(ran, 0)
  })
})
