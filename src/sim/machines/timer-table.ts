/**
 * The timers that one life of a machine has set, each under a text of the timer, since equal timers are one.
 *
 * A timer counts in the time of its member: when the member's clock changes its pace or leaps, all of them move.
 * Setting one anew cancels what was entered before, so timers that are set for ever do not fill the agenda.
 */
import type { Agenda, AgendaEntry } from '../time/agenda.ts'
import type { MemberClock } from './member-clock.ts'

interface Armed<Timer> {
  readonly key: string
  readonly timer: Timer
  /** By the member's clock. */
  dueMs: number
  entry: AgendaEntry
}

export class TimerTable<Timer> {
  readonly #armed = new Map<string, Armed<Timer>>()
  readonly #agenda: Agenda
  readonly #clock: MemberClock
  readonly #fire: (timer: Timer) => void

  constructor(agenda: Agenda, clock: MemberClock, fire: (timer: Timer) => void) {
    this.#agenda = agenda
    this.#clock = clock
    this.#fire = fire
  }

  /** Infinity: it is set and never fires, so nothing remains of it. */
  set(timer: Timer, delayMs: number, nowMs: number): void {
    const key = timerKey(timer)
    const earlier = this.#armed.get(key)
    if (earlier !== undefined) this.#agenda.cancel(earlier.entry)
    if (delayMs === Number.POSITIVE_INFINITY) {
      this.#armed.delete(key)
      return
    }
    const dueMs = this.#clock.readMs(nowMs) + delayMs
    const atMs = this.#clock.whenShowsMs(dueMs, nowMs)
    if (earlier !== undefined) {
      earlier.dueMs = dueMs
      earlier.entry = this.#enter(earlier, atMs)
      return
    }
    const armed: Armed<Timer> = { key, timer, dueMs, entry: unentered }
    armed.entry = this.#enter(armed, atMs)
    this.#armed.set(key, armed)
  }

  /** Harmless where it is not set. */
  clear(timer: Timer): void {
    const key = timerKey(timer)
    const armed = this.#armed.get(key)
    if (armed === undefined) return
    this.#agenda.cancel(armed.entry)
    this.#armed.delete(key)
  }

  clearAll(): void {
    for (const armed of this.#armed.values()) this.#agenda.cancel(armed.entry)
    this.#armed.clear()
  }

  /** To be called when the member's clock has changed. */
  onClockChanged(nowMs: number): void {
    for (const armed of this.#armed.values()) {
      this.#agenda.cancel(armed.entry)
      armed.entry = this.#enter(armed, this.#clock.whenShowsMs(armed.dueMs, nowMs))
    }
  }

  #enter(armed: Armed<Timer>, atMs: number): AgendaEntry {
    return this.#agenda.enter(atMs, () => {
      this.#armed.delete(armed.key)
      this.#fire(armed.timer)
    })
  }
}

const unentered: AgendaEntry = { atMs: 0, tie: 0, order: 0, isBackground: false, run: undefined }

/** Equal for equal timers. Most are an object of a kind and a number or two, for which this is quicker than JSON. */
function timerKey(timer: unknown): string {
  if (typeof timer !== 'object' || timer === null) return JSON.stringify(timer)
  let key = ''
  for (const [name, value] of Object.entries(timer)) {
    if (typeof value === 'string') key += `${name}"${value.length}"${value}`
    else if (typeof value === 'number') key += `${name}=${value};`
    else return JSON.stringify(timer)
  }
  return key
}
