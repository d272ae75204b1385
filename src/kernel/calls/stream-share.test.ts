/** How the streams of one caller share a turn. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '../../edges/clock.ts'
import { hostClock } from '../../host/clock.ts'
import { itemsPerTurn, StreamShare } from './stream-share.ts'

interface Turns {
  readonly share: StreamShare
  isBackedUp: boolean
  /** Lets the next turn come, and what waited for it go on. */
  readonly next: () => Promise<void>
}

function turns(): Turns {
  const due: (() => void)[] = []
  const later = (_delayMs: number, run: () => void): (() => void) => {
    due.push(run)
    return () => {}
  }
  const clock: Clock = { ...hostClock, soon: (run) => void due.push(run), after: later }
  const state: Turns = {
    isBackedUp: false,
    share: new StreamShare(clock, () => state.isBackedUp),
    async next() {
      for (const run of due.splice(0)) run()
      await new Promise(setImmediate)
    },
  }
  return state
}

function taken(share: StreamShare): number {
  let count = 0
  while (share.take() === undefined) count++
  return count
}

test('the streams of a caller get no more items in a turn than its share, and the same again in a later one', async () => {
  const { share, next } = turns()
  assert.equal(taken(share), itemsPerTurn)
  await next()
  // One waited, and has its place.
  assert.equal(taken(share), itemsPerTurn - 1)
})

test('streams that wait for their caller’s next turn come in the order in which they asked', async () => {
  const { share, next } = turns()
  taken(share)
  const resumed: number[] = []
  for (let stream = 0; stream < 2 * itemsPerTurn; stream++) void share.take()?.then(() => resumed.push(stream))
  await next()
  assert.equal(resumed.length, itemsPerTurn - 1)
  await next()
  assert.deepEqual(
    resumed,
    Array.from({ length: 2 * itemsPerTurn - 1 }, (_, stream) => stream),
  )
})

test('a large item uses up its caller’s share of the turn', () => {
  const { share } = turns()
  assert.equal(share.take(), undefined)
  share.onSent(1_048_576)
  assert.notEqual(share.take(), undefined)
})

test('nothing is made for a caller that does not read, until it does', async () => {
  const state = turns()
  state.isBackedUp = true
  let hasPlace = false
  void state.share.take()?.then(() => {
    hasPlace = true
  })
  await state.next()
  assert.equal(hasPlace, false)
  state.isBackedUp = false
  await state.next()
  assert.equal(hasPlace, true)
})
