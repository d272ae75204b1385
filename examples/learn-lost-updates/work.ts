/** Four ways in which a thread can add to a number that others add to as well. */
import { type BoundedQueue, type Event, isCardumenError, type Lock, type SharedArray } from 'cardumen/threads'

type Numbers = SharedArray<'int32'>

/** Says that it is here, waits for the others, then runs one of the ways below. */
export function atTheGate(way: string, gate: Event, here: Numbers, times: number, ...shared: unknown[]): void {
  here.add(0, 1)
  gate.wait()
  const add = ways[way] as (times: number, ...rest: unknown[]) => void
  add(times, ...shared)
}

const ways: Readonly<Record<string, unknown>> = { addPlainly, addUnderLock, addAtomically, addByTelling }

/** Reads, adds, writes: between the read and the write, others can come. */
function addPlainly(times: number, numbers: Numbers): void {
  for (let time = 0; time < times; time++) numbers.set(0, numbers.get(0) + 1)
}

/** The same three steps; while one thread is at them, no other one is. */
function addUnderLock(times: number, numbers: Numbers, lock: Lock): void {
  for (let time = 0; time < times; time++) {
    using _held = lock.hold()
    numbers.set(1, numbers.get(1) + 1)
  }
}

/** One step of the processor. */
function addAtomically(times: number, numbers: Numbers): void {
  for (let time = 0; time < times; time++) numbers.add(2, 1)
}

/** Touches no number of others: it says what it wants. */
function addByTelling(times: number, orders: BoundedQueue<number>): void {
  for (let time = 0; time < times; time++) orders.put(1)
}

/** The only thread that knows the number, and so the only one that can change it. */
export function ownTheNumber(orders: BoundedQueue<number>): number {
  let number = 0
  for (;;)
    try {
      number += orders.take()
    } catch (error) {
      if (isCardumenError(error, 'closed')) return number
      throw error
    }
}
