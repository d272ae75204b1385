/** Lamport time only grows, past everything that was witnessed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LamportClock, lamportMax } from './lamport-clock.ts'

test('an event after a receipt is later than what was received', () => {
  const clock = new LamportClock()
  assert.equal(clock.tick(), 1)
  clock.witness(41)
  assert.equal(clock.time, 42)
  clock.witness(5)
  assert.equal(clock.tick(), 44)
})

test('a peer that claims the greatest time stops the clock there and does no more', () => {
  const clock = new LamportClock()
  clock.witness(lamportMax)
  assert.equal(clock.tick(), lamportMax)
})
