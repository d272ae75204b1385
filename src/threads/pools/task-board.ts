/**
 * The memory that a pool and its threads share: tasks on their way out, and word of their results on the way back.
 *
 * Each task that was handed out has a slot. Its number goes into one queue from which every thread takes (so none waits
 * behind a long task while another thread is idle), and comes back in a list of the thread that had it; arguments and
 * result lie in the slot. A word for each slot says who has the task: whoever changes it first, a thread that takes the task
 * or the pool that takes it back, has it; so of a thread that died the pool knows which tasks it had begun. No list can run
 * full: each has room for all that the slots can be at once. Nothing here waits; nothing here encodes.
 */
export interface BoardState {
  readonly memory: SharedArrayBuffer
  readonly slots: number
  readonly threads: number
}

/**
 * What a thread is doing; its word is also what it is woken by. `retired`: taken out of service while it slept; `assigned`: a task
 * is on its way to it as a message, and until that is there it takes no other.
 */
export const threadState = { starting: 0, busy: 1, searching: 2, asleep: 3, retired: 4, assigned: 5 } as const

/** What a thread says about a slot. `asks`: the arguments did not fit in, and are to be sent. */
export const report = { ended: 0, withdrawn: 1, asks: 2 } as const

/** Arguments, or a result, that need more go as a message. */
export const slotBytes = 512

export const nothing = -1

const queued = 0
const withdrawn = -1

/** Words that different threads write lie in different cache lines. */
const head = 0
const tail = 16
const ownerSleep = 32
const threadsStart = 64
const wordsPerThread = 32
const state = 0
const mail = 1
const reported = 16

const isAsleep = 1
const isAwake = 0

export function newBoardState(slots: number, threads: number): BoardState {
  return { memory: new SharedArrayBuffer(contentsStart(slots, threads) + slots * slotBytes), slots, threads }
}

export class TaskBoard {
  /** Of all slots, one after the other. */
  readonly contents: Int32Array<SharedArrayBuffer>
  readonly characters: Uint16Array<SharedArrayBuffer>
  readonly bytes: Uint8Array<SharedArrayBuffer>
  readonly slots: number
  readonly #threads: number
  readonly #words: Int32Array<SharedArrayBuffer>
  readonly #queue: number
  readonly #claims: number
  readonly #reports: number
  readonly #reportsOfThread: number

  constructor({ memory, slots, threads }: BoardState) {
    const start = contentsStart(slots, threads)
    this.contents = new Int32Array(memory, start)
    this.characters = new Uint16Array(memory, start)
    this.bytes = new Uint8Array(memory, start)
    this.slots = slots
    this.#threads = threads
    this.#words = new Int32Array(memory, 0, start / Int32Array.BYTES_PER_ELEMENT)
    this.#queue = threadsStart + threads * wordsPerThread
    this.#claims = this.#queue + slots
    this.#reports = this.#claims + slots
    this.#reportsOfThread = 2 * slots
  }

  /** The pool: what lies in the slot is complete, and any thread may take it. */
  publish(slot: number): void {
    const words = this.#words
    Atomics.store(words, this.#claims + slot, queued)
    const at = words[tail] as number
    words[this.#queue + (at & (this.slots - 1))] = slot
    Atomics.store(words, tail, (at + 1) | 0)
  }

  /** The pool: gives the slot to a thread that has nothing to do, whom its arguments are then sent to; or `nothing`. */
  assign(slot: number): number {
    if (this.waiting > 0) return nothing
    for (let thread = 0; thread < this.#threads; thread++) {
      const now = this.stateOf(thread)
      if (now !== threadState.searching && now !== threadState.asleep) continue
      if (!this.changeState(thread, now, threadState.assigned)) continue
      Atomics.store(this.#words, this.#claims + slot, thread + 1)
      return thread
    }
    return nothing
  }

  /** The pool: true where no thread had taken it, and none will. The slot is free when a thread reports so. */
  withdraw(slot: number): boolean {
    return Atomics.compareExchange(this.#words, this.#claims + slot, queued, withdrawn) === queued
  }

  /** The thread that took the slot, or `nothing`. */
  takerOf(slot: number): number {
    const claim = Atomics.load(this.#words, this.#claims + slot)
    return claim > 0 ? claim - 1 : nothing
  }

  get waiting(): number {
    return (Atomics.load(this.#words, tail) - Atomics.load(this.#words, head)) | 0
  }

  /** A thread: the next task, or `nothing`. Those that were withdrawn are reported on the way. */
  take(thread: number): number {
    const words = this.#words
    for (;;) {
      const at = Atomics.load(words, head)
      if (at === Atomics.load(words, tail)) return nothing
      const slot = words[this.#queue + (at & (this.slots - 1))] as number
      if (Atomics.compareExchange(words, head, at, (at + 1) | 0) !== at) continue
      if (Atomics.compareExchange(words, this.#claims + slot, queued, thread + 1) === queued) return slot
      this.report(thread, slot, report.withdrawn)
    }
  }

  /** A thread: wakes the pool where that sleeps. */
  report(thread: number, slot: number, kind: number): void {
    const words = this.#words
    const counter = this.#wordOf(thread, reported)
    const at = words[counter] as number
    words[this.#reportAt(thread, at)] = (slot << 2) | kind
    Atomics.store(words, counter, (at + 1) | 0)
    if (Atomics.load(words, ownerSleep) === isAsleep) this.#wakeOwner()
  }

  /** How many reports the thread has made, as a number that overflows. */
  reportsOf(thread: number): number {
    return Atomics.load(this.#words, this.#wordOf(thread, reported))
  }

  /** The pool: the report of that number, one word of which `slotOf` and `kindOf` are parts. */
  readReport(thread: number, at: number): number {
    return this.#words[this.#reportAt(thread, at)] as number
  }

  stateOf(thread: number): number {
    return Atomics.load(this.#words, this.#wordOf(thread, state))
  }

  setState(thread: number, to: number): void {
    Atomics.store(this.#words, this.#wordOf(thread, state), to)
  }

  changeState(thread: number, from: number, to: number): boolean {
    return Atomics.compareExchange(this.#words, this.#wordOf(thread, state), from, to) === from
  }

  /** A thread that is `asleep`: resolves when it no longer is; undefined where it is not. */
  untilWoken(thread: number): Promise<unknown> | undefined {
    return waitAsync(this.#words, this.#wordOf(thread, state), threadState.asleep)
  }

  /**
   * Wakes one thread that sleeps, unless as many look for work as tasks wait. Called for each task that is published, and by each
   * thread that takes one and leaves others waiting, so that no task waits while a thread sleeps.
   */
  wakeOne(): void {
    let missing = this.waiting
    let sleeper = nothing
    for (let thread = 0; thread < this.#threads; thread++) {
      const now = this.stateOf(thread)
      if (now === threadState.searching && --missing <= 0) return
      if (now === threadState.asleep) sleeper = thread
    }
    if (sleeper !== nothing) this.rouse(sleeper, threadState.searching)
  }

  /** Wakes so many threads that sleep, or all of them where there are fewer. */
  wake(threads: number): void {
    let left = threads
    for (let thread = 0; thread < this.#threads && left > 0; thread++) {
      if (this.rouse(thread, threadState.searching)) left--
    }
  }

  /** False where it did not sleep. */
  rouse(thread: number, to: number): boolean {
    if (!this.changeState(thread, threadState.asleep, to)) return false
    Atomics.notify(this.#words, this.#wordOf(thread, state))
    return true
  }

  /** A thread that asked for arguments stands still until they are there; read `mailOf` before asking. */
  waitForMail(thread: number, before: number): void {
    Atomics.wait(this.#words, this.#wordOf(thread, mail), before)
  }

  mailOf(thread: number): number {
    return Atomics.load(this.#words, this.#wordOf(thread, mail))
  }

  /** The pool: what the thread asked for has been sent. */
  tellMail(thread: number): void {
    Atomics.add(this.#words, this.#wordOf(thread, mail), 1)
    Atomics.notify(this.#words, this.#wordOf(thread, mail))
  }

  /** The pool is about to sleep: from now on a report wakes it. Look for reports once more before sleeping. */
  beginOwnerSleep(): void {
    Atomics.store(this.#words, ownerSleep, isAsleep)
  }

  endOwnerSleep(): void {
    Atomics.store(this.#words, ownerSleep, isAwake)
  }

  untilOwnerWoken(): Promise<unknown> | undefined {
    return waitAsync(this.#words, ownerSleep, isAsleep)
  }

  /** For the next thread of this number; the one before has ended. */
  resetThread(thread: number): void {
    for (const word of [state, mail, reported]) Atomics.store(this.#words, this.#wordOf(thread, word), 0)
  }

  #wakeOwner(): void {
    if (Atomics.compareExchange(this.#words, ownerSleep, isAsleep, isAwake) === isAsleep)
      Atomics.notify(this.#words, ownerSleep)
  }

  #wordOf(thread: number, word: number): number {
    return threadsStart + thread * wordsPerThread + word
  }

  #reportAt(thread: number, at: number): number {
    return this.#reports + thread * this.#reportsOfThread + (at & (this.#reportsOfThread - 1))
  }
}

export function slotOf(word: number): number {
  return word >> 2
}

export function kindOf(word: number): number {
  return word & 3
}

function contentsStart(slots: number, threads: number): number {
  const words = threadsStart + threads * wordsPerThread + 2 * slots + threads * 2 * slots
  return Math.ceil((words * Int32Array.BYTES_PER_ELEMENT) / slotBytes) * slotBytes
}

function waitAsync(words: Int32Array<SharedArrayBuffer>, at: number, value: number): Promise<unknown> | undefined {
  const wait = Atomics.waitAsync(words, at, value)
  return wait.async ? wait.value : undefined
}
