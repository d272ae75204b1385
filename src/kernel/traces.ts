/**
 * Who listens to a member's trace: a bounded recorder that can always be switched on, and live followers.
 *
 * With nobody listening the driver's hook is unset and tracing costs nothing. The recorder keeps the latest events and
 * forgets the oldest, so it can run for ever.
 */
import type { Clock } from '../edges/clock.ts'
import type { TraceEvent, TraceHook } from '../edges/trace.ts'
import { Listeners } from './listeners.ts'

export const recordedEventsMax = 65_536

export class Traces {
  readonly #install: (hook: TraceHook | undefined) => void
  readonly #followers: Listeners<TraceEvent>
  #recorded: TraceEvent[] | undefined
  #oldest = 0

  constructor(clock: Clock, install: (hook: TraceHook | undefined) => void) {
    this.#followers = new Listeners(clock)
    this.#install = install
  }

  /** Ends when the function returned is called. */
  follow(follower: TraceHook): () => void {
    const stop = this.#followers.add(follower)
    this.#reinstall()
    return () => {
      stop()
      this.#reinstall()
    }
  }

  startRecording(): void {
    this.#recorded ??= []
    this.#reinstall()
  }

  /** What was recorded, oldest first; recording stops. */
  stopRecording(): readonly TraceEvent[] {
    const recorded = this.#recorded ?? []
    const inOrder = [...recorded.slice(this.#oldest), ...recorded.slice(0, this.#oldest)]
    this.#recorded = undefined
    this.#oldest = 0
    this.#reinstall()
    return inOrder
  }

  #reinstall(): void {
    const isOn = this.#recorded !== undefined || this.#followers.count > 0
    this.#install(isOn ? (event) => this.#onEvent(event) : undefined)
  }

  #onEvent(event: TraceEvent): void {
    if (this.#recorded !== undefined) this.#record(this.#recorded, event)
    this.#followers.tell(event)
  }

  #record(recorded: TraceEvent[], event: TraceEvent): void {
    if (recorded.length < recordedEventsMax) {
      recorded.push(event)
      return
    }
    recorded[this.#oldest] = event
    this.#oldest = (this.#oldest + 1) % recordedEventsMax
  }
}
