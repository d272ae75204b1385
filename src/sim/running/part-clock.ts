/**
 * The time of a part of a member's life: of one virtual thread, or of one virtual process.
 *
 * Code in a simulation waits only by a clock, so whoever takes its clock away has ended it, and whoever stops the
 * clock has suspended it: what comes due meanwhile is held and runs, in its order, once the part goes on. What code
 * of the part does without waiting, until its promises are through, nobody can take back.
 */
import type { Cancel, Clock } from '../../edges/clock.ts'
import type { Instant } from '../../lib/identifiers.ts'

interface Entry {
  run: (() => void) | undefined
  cancel: Cancel
}

export class PartClock implements Clock {
  readonly #whole: Clock
  readonly #onError: (error: unknown) => void
  readonly #entries = new Set<Entry>()
  #held: Entry[] = []
  #isSuspended = false
  #isEnded = false

  /** `onError` hears what a timer of the part threw, as nobody else could catch it. */
  constructor(whole: Clock, onError: (error: unknown) => void) {
    this.#whole = whole
    this.#onError = onError
  }

  get isSuspended(): boolean {
    return this.#isSuspended
  }

  now(): Instant {
    return this.#whole.now()
  }

  wallMs(): number {
    return this.#whole.wallMs()
  }

  after(delayMs: number, run: () => void, options?: { readonly background?: boolean }): Cancel {
    const entry: Entry = { run, cancel: () => undefined }
    if (this.#isEnded) return entry.cancel
    this.#entries.add(entry)
    entry.cancel = this.#whole.after(delayMs, () => this.#onDue(entry), options)
    return () => this.#cancel(entry)
  }

  soon(run: () => void): void {
    if (this.#isEnded) return
    const entry: Entry = { run, cancel: () => undefined }
    this.#entries.add(entry)
    this.#whole.soon(() => this.#onDue(entry))
  }

  suspend(): void {
    this.#isSuspended = true
  }

  resume(): void {
    if (!this.#isSuspended) return
    this.#isSuspended = false
    const held = this.#held
    this.#held = []
    // At once for all of them: what is entered one by one for the same moment may come in any order.
    if (held.length > 0) this.#whole.soon(() => held.forEach((entry) => this.#onDue(entry)))
  }

  /** For good: nothing that was to come comes any more. */
  end(): void {
    this.#isEnded = true
    for (const entry of [...this.#entries]) this.#cancel(entry)
    this.#held = []
  }

  #onDue(entry: Entry): void {
    const { run } = entry
    if (run === undefined) return
    if (this.#isSuspended) {
      this.#held.push(entry)
      return
    }
    entry.run = undefined
    this.#entries.delete(entry)
    try {
      run()
    } catch (error) {
      this.#onError(error)
    }
  }

  #cancel(entry: Entry): void {
    entry.run = undefined
    this.#entries.delete(entry)
    entry.cancel()
  }
}
