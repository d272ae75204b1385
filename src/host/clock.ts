/**
 * The machine's clock and timers.
 */
import type { Cancel, Clock } from '../edges/clock.ts'
import { type Instant, instant } from '../lib/identifiers.ts'

export const hostClock: Clock = {
  now(): Instant {
    return instant(performance.now())
  },

  wallMs(): number {
    return Date.now()
  },

  after(delayMs: number, run: () => void, options?: { readonly background?: boolean }): Cancel {
    const timer = setTimeout(run, delayMs)
    if (options?.background === true) timer.unref()
    return () => clearTimeout(timer)
  },

  soon(run: () => void): void {
    setImmediate(run)
  },
}
