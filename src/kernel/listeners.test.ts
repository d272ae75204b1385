/** Listeners, and one that throws. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HandClock } from './fixtures/hand-clock.ts'
import { Listeners } from './listeners.ts'

test('a listener that throws is reported in a turn of its own, and keeps nobody from hearing', async () => {
  const clock = new HandClock()
  const heard: number[] = []
  const listeners = new Listeners<number>(clock)
  listeners.add(() => {
    throw new Error('of the program')
  })
  listeners.add((event) => heard.push(event))
  listeners.tell(7)
  assert.deepEqual(heard, [7])
  await assert.rejects(clock.advance(1), /of the program/)
})

test('the same function may listen twice, and each ends for itself', () => {
  const heard: number[] = []
  const listeners = new Listeners<number>(new HandClock())
  const listener = (event: number): void => void heard.push(event)
  const [stop] = [listeners.add(listener), listeners.add(listener)]
  listeners.tell(1)
  stop?.()
  listeners.tell(2)
  assert.deepEqual(heard, [1, 1, 2])
  assert.equal(listeners.count, 1)
})
