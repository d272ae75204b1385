/** How connections come in: a few in a turn, and slowly while strangers speak another language. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '../../edges/clock.ts'
import type { Connection } from '../../edges/network.ts'
import { instant } from '../../lib/identifiers.ts'
import { Arrivals, strangeBurstMax, strangePerSecondMax } from './arrivals.ts'

class Door {
  admitted = 0
  turnedAway = 0
  #nowMs = 0
  #due: { readonly atMs: number; readonly run: () => void }[] = []
  readonly #clock: Clock = {
    now: () => instant(this.#nowMs),
    wallMs: () => this.#nowMs,
    soon: (run) => void this.#due.push({ atMs: this.#nowMs, run }),
    after: (delayMs, run) => {
      const timer = { atMs: this.#nowMs + delayMs, run }
      this.#due.push(timer)
      return () => {
        this.#due = this.#due.filter((one) => one !== timer)
      }
    },
  }
  readonly arrivals = new Arrivals({
    clock: this.#clock,
    admit: () => {
      this.admitted++
      return true
    },
    onTurnedAway: () => {
      this.turnedAway++
    },
  })

  arrive(count: number): void {
    for (let made = 0; made < count; made++) this.arrivals.add(connection())
  }

  /** Runs what is due until then. */
  pass(durationMs: number): void {
    const endMs = this.#nowMs + durationMs
    for (;;) {
      const next = this.#due.toSorted((left, right) => left.atMs - right.atMs).find(({ atMs }) => atMs <= endMs)
      if (next === undefined) break
      this.#due.splice(this.#due.indexOf(next), 1)
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.run()
    }
    this.#nowMs = endMs
  }
}

function connection(): Connection {
  return {
    bufferedBytes: 0,
    handle: () => {},
    write: () => true,
    pause: () => {},
    resume: () => {},
    end: () => {},
    destroy: () => {},
  }
}

test('of a crowd some come in at once, and the others in the turns that follow', () => {
  const door = new Door()
  door.arrive(100)
  assert.equal(door.admitted, 4)
  door.pass(0)
  assert.deepEqual([door.admitted, door.turnedAway], [100, 0])
})

test('of more than may wait, those that have waited longest are turned away', () => {
  const door = new Door()
  door.arrive(4 + 256 + 10)
  assert.deepEqual([door.admitted, door.turnedAway], [4, 10])
})

test('once too many have spoken another language, connections come in at the rate of those that may', () => {
  const door = new Door()
  for (let strange = 0; strange < strangeBurstMax + 50; strange++) door.arrivals.onStrange()
  door.arrive(1)
  door.pass((50 * 1_000) / strangePerSecondMax)
  assert.equal(door.admitted, 0)
  door.pass(2_000 / strangePerSecondMax)
  assert.deepEqual([door.admitted, door.turnedAway], [1, 0])
})

test('connections that wait are turned away when the door closes', () => {
  const door = new Door()
  door.arrive(10)
  door.arrivals.close()
  assert.deepEqual([door.admitted, door.turnedAway], [4, 6])
})
