/**
 * A clock and a connection that stand still: what is asked of them happens when the fuzzer says so, in the same turn.
 *
 * The connection counts what is written to it. Timers run when they are told to, once each, in the order of their time.
 */
import type { Cancel, Clock } from '../../src/edges/clock.ts'
import type { Connection, ConnectionEvents } from '../../src/edges/network.ts'
import { type Instant, instant } from '../../src/lib/identifiers.ts'

interface Timer {
  readonly atMs: number
  readonly run: () => void
}

export class StillClock implements Clock {
  #nowMs = 1_000
  readonly #timers = new Set<Timer>()
  #soon: (() => void)[] = []

  now(): Instant {
    return instant(this.#nowMs)
  }

  wallMs(): number {
    return this.#nowMs
  }

  after(delayMs: number, run: () => void): Cancel {
    const timer = { atMs: this.#nowMs + delayMs, run }
    this.#timers.add(timer)
    return () => void this.#timers.delete(timer)
  }

  soon(run: () => void): void {
    this.#soon.push(run)
  }

  /** Runs what was to run soon, and what that leads to. */
  runSoon(): void {
    while (this.#soon.length > 0) for (const run of this.#soon.splice(0)) run()
  }

  /** Runs the timers that are set now and come due in that time. */
  advance(durationMs: number): void {
    const endMs = this.#nowMs + durationMs
    const due = [...this.#timers].filter(({ atMs }) => atMs <= endMs).sort((left, right) => left.atMs - right.atMs)
    for (const timer of due) {
      // One may have cancelled another.
      if (!this.#timers.delete(timer)) continue
      this.#nowMs = timer.atMs
      timer.run()
      this.runSoon()
    }
    this.#nowMs = endMs
  }
}

export class StillConnection implements Connection {
  readonly bufferedBytes = 0
  readonly written: Uint8Array[] = []
  isEnded = false
  #events: ConnectionEvents | undefined
  #isClosed = false

  handle(events: ConnectionEvents): void {
    this.#events = events
  }

  write(chunks: readonly Uint8Array[]): boolean {
    this.written.push(...chunks)
    return true
  }

  /** Bytes come from the peer. */
  receive(bytes: Uint8Array): void {
    if (!this.isEnded) this.#events?.onData(bytes)
  }

  pause(): void {}

  resume(): void {}

  end(): void {
    this.isEnded = true
  }

  destroy(): void {
    this.isEnded = true
  }

  /** Tells the owner that it is over, once. */
  close(): void {
    this.isEnded = true
    if (this.#isClosed) return
    this.#isClosed = true
    this.#events?.onClose(undefined)
  }

  get writtenBytes(): number {
    return this.written.reduce((sum, chunk) => sum + chunk.length, 0)
  }
}
