/**
 * Streams between members of one process, and a clock that is moved by hand: for tests of what links do in time.
 *
 * Chunks arrive in later turns, in order. A connection can be broken from the test; writes never fill it.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Cancel, Clock } from '../../src/edges/clock.ts'
import type { Connection, ConnectionEvents, Endpoint, Listener, Network } from '../../src/edges/network.ts'
import { CardumenError } from '../../src/lib/cardumen-error.ts'
import { type Instant, instant } from '../../src/lib/identifiers.ts'

export class MemoryNetwork implements Network {
  readonly #listeners = new Map<Endpoint, (connection: Connection) => void>()
  readonly connections: MemoryConnection[] = []
  dials = 0

  listen(name: string, onConnection: (connection: Connection) => void): Promise<Listener> {
    const endpoint = `memory:${name}`
    this.#listeners.set(endpoint, onConnection)
    return Promise.resolve({
      endpoints: [endpoint],
      close: () => {
        this.#listeners.delete(endpoint)
        return Promise.resolve()
      },
    })
  }

  dial(endpoint: Endpoint): Promise<Connection> {
    this.dials++
    const accept = this.#listeners.get(endpoint)
    if (accept === undefined) return Promise.reject(new CardumenError('unreachable', `Nobody listens at ${endpoint}.`))
    const [near, far] = [new MemoryConnection(), new MemoryConnection()]
    near.peer = far
    far.peer = near
    this.connections.push(near, far)
    accept(far)
    return Promise.resolve(near)
  }

  /** Breaks everything that is connected now. */
  breakAll(): void {
    for (const connection of this.connections.splice(0)) connection.destroy()
  }
}

export class MemoryConnection implements Connection {
  peer: MemoryConnection | undefined
  #events: ConnectionEvents | undefined
  #isClosed = false
  readonly #early: (() => void)[] = []
  readonly bufferedBytes = 0

  handle(events: ConnectionEvents): void {
    this.#events = events
    for (const run of this.#early.splice(0)) run()
  }

  write(chunks: readonly Uint8Array[]): boolean {
    const copies = chunks.map((chunk) => chunk.slice())
    setImmediate(() => {
      for (const copy of copies) this.peer?.deliver((events) => events.onData(copy))
    })
    return true
  }

  deliver(run: (events: ConnectionEvents) => void): void {
    const events = this.#events
    if (this.#isClosed) return
    if (events === undefined) this.#early.push(() => this.deliver(run))
    else run(events)
  }

  pause(): void {}

  resume(): void {}

  end(): void {
    setImmediate(() => this.destroy())
  }

  destroy(): void {
    setImmediate(() => {
      this.deliver((events) => {
        this.#isClosed = true
        events.onClose(undefined)
      })
      this.peer?.deliver((events) => {
        if (this.peer !== undefined) this.peer.#isClosed = true
        events.onClose(undefined)
      })
    })
  }
}

export class ManualClock implements Clock {
  #nowMs = 1_000
  #timers: { readonly atMs: number; readonly run: () => void }[] = []

  now(): Instant {
    return instant(this.#nowMs)
  }

  wallMs(): number {
    return this.#nowMs
  }

  after(delayMs: number, run: () => void): Cancel {
    const timer = { atMs: this.#nowMs + delayMs, run }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  soon(run: () => void): void {
    setImmediate(run)
  }

  /** Fires what is due within the duration, at once and with no turn in between. */
  fire(durationMs: number): void {
    this.#nowMs += durationMs
    const due = this.#timers.filter((timer) => timer.atMs <= this.#nowMs)
    this.#timers = this.#timers.filter((timer) => timer.atMs > this.#nowMs)
    for (const timer of due) timer.run()
  }

  /** Lets the time pass, timer by timer, with the turns that each of them needs. */
  async advance(durationMs: number): Promise<void> {
    const endMs = this.#nowMs + durationMs
    await turns()
    for (;;) {
      const next = this.#timers.filter((timer) => timer.atMs <= endMs).sort((left, right) => left.atMs - right.atMs)[0]
      if (next === undefined) break
      this.#timers = this.#timers.filter((timer) => timer !== next)
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.run()
      await turns()
    }
    this.#nowMs = endMs
  }
}

/** Enough turns for a handshake and what follows it. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await nextTurn()
}
