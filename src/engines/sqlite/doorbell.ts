/**
 * How processes tell each other that something was committed: a byte written into a small file that the others watch.
 *
 * The log file of SQLite would not do, since it changes before the commit can be seen. A ring may be lost (the process
 * died between commit and ring), so the writer's thread looks from time to time as well; where the file cannot be
 * watched at all, a listener looks by itself, often.
 */
import { closeSync, openSync, watch, writeSync, type FSWatcher } from 'node:fs'
import { ringIntervalMs } from './bounds.ts'
import { monotonicMs } from './monotonic.ts'

export class Doorbell {
  readonly #handle: number
  readonly #byte = new Uint8Array(1)
  #rangMs = 0
  #later: NodeJS.Timeout | undefined

  constructor(path: string) {
    this.#handle = openSync(path, 'r+')
  }

  /** At once, or after the shortest interval between two rings. */
  ring(): void {
    const waitMs = this.#rangMs + ringIntervalMs - monotonicMs()
    if (waitMs <= 0) this.#ringNow()
    else this.#later ??= setTimeout(() => this.#ringNow(), waitMs)
  }

  close(): void {
    if (this.#later !== undefined) this.#ringNow()
    closeSync(this.#handle)
  }

  #ringNow(): void {
    clearTimeout(this.#later)
    this.#later = undefined
    this.#rangMs = monotonicMs()
    try {
      writeSync(this.#handle, this.#byte, 0, 1, 0)
    } catch {
      // Listeners look by themselves.
    }
  }
}

/** Keeps no process alive by itself. */
export class DoorbellListener {
  readonly #onRing: () => void
  readonly #blindPollMs: number
  #watcher: FSWatcher | undefined
  #poll: NodeJS.Timeout | undefined

  constructor(path: string, onRing: () => void, blindPollMs: number) {
    this.#onRing = onRing
    this.#blindPollMs = blindPollMs
    try {
      this.#watcher = watch(path, { persistent: false }, onRing)
      this.#watcher.on('error', () => this.#becomeBlind())
    } catch {
      this.#becomeBlind()
    }
  }

  close(): void {
    this.#watcher?.close()
    this.#watcher = undefined
    clearInterval(this.#poll)
  }

  #becomeBlind(): void {
    this.close()
    this.#poll = setInterval(this.#onRing, this.#blindPollMs)
    this.#poll.unref()
  }
}
