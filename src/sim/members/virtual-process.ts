/**
 * One life of one member on the world's timeline: everything that happens on that member passes through here.
 *
 * So a crash drops whatever was still to happen, a pause holds it and lets it go in its order afterwards, and a slow
 * member does one thing, is busy for a while, and does the next. Each thing is an event of its own in virtual time.
 * The clocks of the life are kept here too, because timers wait for local time and must follow its faults. What the
 * machine below a paused program does by itself (accepting connections, buffering) is the network's, not ours.
 */
import { assert } from '../../lib/assert.ts'
import type { Random } from '../../lib/random.ts'
import type { AgendaEntry } from '../time/agenda.ts'
import { LocalTime } from '../time/local-time.ts'
import type { Timeline } from '../time/timeline.ts'
import { Fifo } from './fifo.ts'

/** Events of one life that wait for the end of a pause, or for their turn on a slow member. */
const heldEventsMax = 1_000_000
const clockOriginMsMax = 1_000_000

export type Ended = 'process' | 'machine'

export type ProcessTimeline = Pick<Timeline, 'nowMs' | 'enter' | 'cancel'>

interface Task {
  run: (() => void) | undefined
  readonly isBackground: boolean
  /** Where it waits for a moment of the local clock. */
  readonly dueLocalMs: number | undefined
  entry: AgendaEntry | undefined
}

export class VirtualProcess {
  readonly name: string
  readonly timeline: ProcessTimeline
  readonly #time: LocalTime
  readonly #scheduled = new Set<Task>()
  /** Whose time has come, and that could not run then. */
  readonly #held = new Fifo<Task>()
  #heldForeground = 0
  #next: AgendaEntry | undefined
  #isPaused = false
  #eventMs = 0
  #busyUntilMs = 0
  #ended: Ended | undefined
  readonly #endedListeners: ((how: Ended) => void)[] = []

  /** `random`: of this life, for the origin of its clock. */
  constructor(name: string, timeline: ProcessTimeline, random: Random) {
    this.name = name
    this.timeline = timeline
    this.#time = new LocalTime(timeline.nowMs, random.below(clockOriginMsMax))
  }

  get isAlive(): boolean {
    return this.#ended === undefined
  }

  /** How the life ended; undefined while it goes on. */
  get ended(): Ended | undefined {
    return this.#ended
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  /** What its monotonic clock shows. */
  get localMs(): number {
    return this.#time.monotonicAt(this.timeline.nowMs)
  }

  get wallMs(): number {
    return this.#time.wallAt(this.timeline.nowMs)
  }

  /** Runs something on the member at a virtual time, or as soon after it as it can. What is returned cancels it. */
  at(atMs: number, run: () => void, isBackground = false): () => void {
    const task = this.#schedule(atMs, run, isBackground, undefined)
    return () => this.#cancel(task)
  }

  /** The same for what is never cancelled; cheaper. */
  post(atMs: number, run: () => void, isBackground = false): void {
    this.#schedule(atMs, run, isBackground, undefined)
  }

  /** Runs something once the member's own monotonic clock has gone on by so much. */
  after(delayMs: number, run: () => void, isBackground = false): () => void {
    const dueLocalMs = this.localMs + Math.max(0, delayMs)
    const task = this.#schedule(this.#time.virtualAt(dueLocalMs), run, isBackground, dueLocalMs)
    return () => this.#cancel(task)
  }

  /** Told once, at the moment of the end, after everything that was to happen has been dropped. */
  onEnded(listener: (how: Ended) => void): void {
    this.#endedListeners.push(listener)
  }

  /** Ends the life; harmless where it has ended. `process` is also what an orderly end is. */
  crash(how: Ended): void {
    if (this.#ended !== undefined) return
    this.#ended = how
    for (const task of this.#scheduled) {
      task.run = undefined
      if (task.entry !== undefined) this.timeline.cancel(task.entry)
    }
    this.#scheduled.clear()
    this.#held.clear()
    this.#heldForeground = 0
    this.#cancelNext()
    for (const listener of this.#endedListeners.splice(0)) listener(how)
  }

  pause(): void {
    this.#isPaused = true
    this.#cancelNext()
  }

  resume(): void {
    this.#isPaused = false
    this.#planNext()
  }

  /** Each event keeps it busy for so long; 0: it is as fast as ever. */
  setSlow(eventMs: number): void {
    this.#eventMs = eventMs
    if (eventMs > 0) return
    this.#busyUntilMs = 0
    this.#cancelNext()
    this.#planNext()
  }

  /** Its clocks run faster by this share; 0: as they should. */
  setDrift(rate: number): void {
    this.#time.setDrift(this.timeline.nowMs, rate)
    this.#rescheduleTimers()
  }

  setWallOffset(offsetMs: number): void {
    this.#time.setWallOffset(offsetMs)
  }

  /** With `monotonic` that clock leaps too, forward only, and timers whose time is thereby over come due. */
  jump(jumpMs: number, monotonic = false): void {
    this.#time.jumpWall(this.timeline.nowMs, jumpMs)
    if (!monotonic) return
    this.#time.jumpMonotonic(this.timeline.nowMs, jumpMs)
    this.#rescheduleTimers()
  }

  #schedule(atMs: number, run: () => void, isBackground: boolean, dueLocalMs: number | undefined): Task {
    const task: Task = { run, isBackground, dueLocalMs, entry: undefined }
    if (this.#ended !== undefined) {
      task.run = undefined
      return task
    }
    task.entry = this.timeline.enter(atMs, () => this.#onDue(task), isBackground)
    this.#scheduled.add(task)
    return task
  }

  #cancel(task: Task): void {
    if (task.run === undefined) return
    task.run = undefined
    if (this.#scheduled.delete(task)) {
      if (task.entry !== undefined) this.timeline.cancel(task.entry)
    } else if (!task.isBackground) {
      this.#heldForeground--
    }
  }

  #onDue(task: Task): void {
    this.#scheduled.delete(task)
    task.entry = undefined
    const isFree = !this.#isPaused && this.#held.size === 0
    if (isFree && this.#busyUntilMs <= this.timeline.nowMs) this.#run(task)
    else this.#hold(task)
  }

  #run(task: Task): void {
    const { run } = task
    task.run = undefined
    if (this.#eventMs > 0) this.#busyUntilMs = this.timeline.nowMs + this.#eventMs
    run?.()
  }

  #hold(task: Task): void {
    assert(this.#held.size < heldEventsMax, `${this.name} holds no more than ${heldEventsMax} events`)
    this.#held.push(task)
    if (!task.isBackground) this.#heldForeground++
    // Only what somebody may wait for keeps a world going.
    if (!task.isBackground && this.#next?.isBackground === true) this.#cancelNext()
    this.#planNext()
  }

  #planNext(): void {
    if (this.#next !== undefined || this.#isPaused || this.#held.size === 0) return
    const atMs = Math.max(this.timeline.nowMs, this.#busyUntilMs)
    this.#next = this.timeline.enter(atMs, this.#runNext, this.#heldForeground === 0)
  }

  #cancelNext(): void {
    if (this.#next === undefined) return
    this.timeline.cancel(this.#next)
    this.#next = undefined
  }

  readonly #runNext = (): void => {
    this.#next = undefined
    const task = this.#takeHeld()
    if (task !== undefined) {
      if (!task.isBackground) this.#heldForeground--
      this.#run(task)
    }
    // Only now, since the next one waits for as long as this one keeps the member busy.
    this.#planNext()
  }

  /** The first that was not cancelled meanwhile. */
  #takeHeld(): Task | undefined {
    for (;;) {
      const task = this.#held.shift()
      if (task === undefined || task.run !== undefined) return task
    }
  }

  #rescheduleTimers(): void {
    const { nowMs } = this.timeline
    for (const task of this.#scheduled) {
      if (task.dueLocalMs === undefined || task.entry === undefined) continue
      this.timeline.cancel(task.entry)
      const atMs = Math.max(nowMs, this.#time.virtualAt(task.dueLocalMs))
      task.entry = this.timeline.enter(atMs, () => this.#onDue(task), task.isBackground)
    }
  }
}
