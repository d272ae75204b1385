/** What a recorder makes of calls that end well, that surely did not run, and of which nobody knows. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { modelOf } from './fixtures/histories.ts'
import { HistoryRecorder } from './history-recorder.ts'
import { pairEvents } from './history.ts'

async function recorded(error: unknown): Promise<HistoryRecorder> {
  let nowMs = 0
  const recorder = new HistoryRecorder(() => nowMs++)
  const failing = (): Promise<void> => Promise.reject(error)
  await assert.rejects(recorder.record('a', { f: 'write', value: 1 }, failing))
  assert.equal(await recorder.record('a', { f: 'read' }, () => Promise.resolve(7)), 7)
  return recorder
}

const cases: readonly (readonly [error: unknown, type: string, sameProcess: boolean])[] = [
  [new CardumenError('try-again', 'x', { executed: 'no' }), 'fail', true],
  [new CardumenError('timed-out', 'x', { executed: 'unknown' }), 'info', false],
  [new CardumenError('output-refused', 'x', { executed: 'yes' }), 'info', false],
  [new Error('x'), 'info', false],
]
for (const [error, type, isSame] of cases) {
  const what =
    error instanceof CardumenError ? `an error that says executed ${error.executed}` : 'an error of any other kind'
  test(`${what} is recorded as ${type}, and its client goes on under ${isSame ? 'its' : 'a fresh'} number`, async () => {
    const { events } = await recorded(error)
    assert.deepEqual(
      events.map((each) => each.type),
      ['invoke', type, 'invoke', 'ok'],
    )
    assert.equal(events[0]?.process === events[2]?.process, isSame)
    const [, read] = pairEvents(events, modelOf('register'))
    assert.equal(read?.result, 7)
  })
}

test('a client that has an operation under way is refused a second one', async () => {
  const recorder = new HistoryRecorder(() => 0)
  const { promise, resolve } = Promise.withResolvers<void>()
  const first = recorder.record(1, { f: 'write', value: 1 }, () => promise)
  await assert.rejects(
    recorder.record(1, { f: 'read' }, () => Promise.resolve(1)),
    /one at a time/,
  )
  resolve()
  await first
  assert.equal(recorder.events.length, 2)
})

test('a history keeps its order of time though the clock runs back', async () => {
  const times = [5, 3, 1, 9]
  const recorder = new HistoryRecorder(() => times.shift() ?? 9)
  for (const value of [1, 2]) await recorder.record(0, { f: 'write', value }, () => Promise.resolve())
  assert.deepEqual(
    recorder.events.map((each) => each.time),
    [5, 5, 5, 9],
  )
})
