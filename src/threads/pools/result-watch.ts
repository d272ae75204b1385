/**
 * Looks for results while a pool has tasks out, and wakes up for them when there are none for a while.
 *
 * As long as results keep coming it looks once in every turn of the event loop, and no thread spends anything on waking the
 * pool. When none came for a moment it sleeps, and the next report wakes it. That moment is short where looking on was in vain
 * before, so tasks that take long cost no processor here. Only a pool with tasks keeps its process alive.
 */
import type { TaskBoard } from './task-board.ts'

const lookMsMax = 0.1
const lookMsMin = 0.004
/** A timer that never runs: while it counts, the event loop waits for what wakes it. */
const foreverMs = 2 ** 31 - 1

export interface ResultWatchEvents {
  /** Takes what has been reported; the number of reports. */
  collect(): number
  /** Tasks that have not ended. */
  unfinished(): number
}

export class ResultWatch {
  readonly #board: TaskBoard
  readonly #events: ResultWatchEvents
  readonly #keepAlive = setInterval(() => undefined, foreverMs).unref()
  #isLooking = false
  #isWaiterPending = false
  /** What the first turn finds was there before; looking on did not find it. */
  #isFirstTurn = false
  #lookMs = lookMsMax
  #foundMs = 0

  constructor(board: TaskBoard, events: ResultWatchEvents) {
    this.#board = board
    this.#events = events
  }

  /** After a task was published. */
  onPublished(): void {
    this.#board.wakeOne()
    this.look()
  }

  /** After a task was sent as a message: it takes its time, and on a busy machine whoever sleeps meanwhile is back the sooner. */
  onSent(): void {
    this.#lookMs = lookMsMin
    this.look()
  }

  /** Looks in the next turns. Harmless where it looks already. */
  look(): void {
    if (this.#isLooking) return
    this.#isLooking = true
    this.#isFirstTurn = true
    this.#board.endOwnerSleep()
    this.#keepAlive.unref()
    this.#foundMs = performance.now()
    setImmediate(this.#onTurn)
  }

  /** The last task has ended: nothing is waited for any more. */
  onIdle(): void {
    this.#keepAlive.unref()
  }

  close(): void {
    clearInterval(this.#keepAlive)
  }

  readonly #onTurn = (): void => {
    const found = this.#events.collect()
    if (found > 0 && !this.#isFirstTurn) this.#lookMs = Math.min(lookMsMax, this.#lookMs * 2)
    this.#isFirstTurn = false
    if (this.#events.unfinished() === 0) {
      this.#isLooking = false
      return
    }
    const nowMs = performance.now()
    if (found > 0) this.#foundMs = nowMs
    if (nowMs - this.#foundMs < this.#lookMs || !this.#sleep()) setImmediate(this.#onTurn)
  }

  /** False where a report came meanwhile. */
  #sleep(): boolean {
    this.#lookMs = Math.max(lookMsMin, this.#lookMs / 2)
    // Whoever was woken for a task may have died before it took it.
    this.#board.wake(this.#board.waiting)
    this.#board.beginOwnerSleep()
    if (this.#events.collect() > 0) {
      this.#board.endOwnerSleep()
      this.#foundMs = performance.now()
      return false
    }
    this.#isLooking = false
    this.#keepAlive.ref()
    this.#wait()
    return true
  }

  /** One waiter at most: one that was not woken yet serves the next sleep too. */
  #wait(): void {
    if (this.#isWaiterPending) return
    const woken = this.#board.untilOwnerWoken()
    if (woken === undefined) return this.look()
    this.#isWaiterPending = true
    void woken.then(() => {
      this.#isWaiterPending = false
      if (this.#events.unfinished() > 0) this.look()
    })
  }
}
