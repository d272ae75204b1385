/**
 * Virtual time for whole members: one event runs, then every promise that it settled, then the next event.
 *
 * The members are ordinary asynchronous programs, so after each event the timeline gives the turn back once (a
 * macrotask, handed in): by then all that follows from the event in promises has happened. Time leaps from event to
 * event. Worlds of machines alone have nothing asynchronous and use the agenda directly.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { Random } from '../../lib/random.ts'
import type { Macrotask } from '../scenario.ts'
import { Digest } from '../digest.ts'
import { Agenda, type AgendaEntry } from './agenda.ts'

/**
 * Turns that are asked for at once. Promises settle between each two of them all the same, and a host's queue of turns
 * gives out several for little more than one.
 */
const turnsAhead = 32
/** Events at one virtual moment; more are a circle. */
const eventsPerMomentMax = 250_000

export interface Goal {
  /** Asked between events. */
  isDone(): boolean
  /** No event after this virtual time is run. */
  readonly untilMs: number
}

/** `quiet`: nothing is left that anybody could wait for, and the goal is not reached. */
export type Ending = 'done' | 'time' | 'quiet'

export class Timeline {
  readonly #agenda: Agenda
  readonly #macrotask: Macrotask
  readonly #digest = new Digest()
  #nowMs = 0
  #events = 0
  #eventsAtMoment = 0

  constructor(ties: Random, macrotask: Macrotask) {
    this.#agenda = new Agenda(ties)
    this.#macrotask = macrotask
  }

  get nowMs(): number {
    return this.#nowMs
  }

  get events(): number {
    return this.#events
  }

  /** Of the times of all events, and of what `note` was told. */
  get digest(): string {
    return this.#digest.text
  }

  note(text: string): void {
    this.#digest.add(text)
  }

  enter(atMs: number, run: () => void, isBackground = false): AgendaEntry {
    return this.#agenda.enter(Math.max(atMs, this.#nowMs), run, isBackground)
  }

  cancel(entry: AgendaEntry): void {
    this.#agenda.cancel(entry)
  }

  /** Rejects with what an event threw. One run at a time. */
  run(goal: Goal): Promise<Ending> {
    return new Promise((resolve, reject) => {
      let isOver = false
      let turns = 0
      const turn = (): void => {
        turns--
        if (isOver) return
        try {
          const ending = this.#ending(goal)
          isOver = ending !== undefined
          if (ending !== undefined) return resolve(ending)
          this.#runNext()
        } catch (error) {
          isOver = true
          return reject(error)
        }
        if (turns === 0) askForTurns()
      }
      const askForTurns = (): void => {
        turns = turnsAhead
        for (let asked = 0; asked < turnsAhead; asked++) this.#macrotask(turn)
      }
      askForTurns()
    })
  }

  #ending(goal: Goal): Ending | undefined {
    if (goal.isDone()) return 'done'
    if (this.#agenda.foreground === 0) return 'quiet'
    if (this.#agenda.nextMs <= goal.untilMs) return undefined
    this.#nowMs = Math.max(this.#nowMs, goal.untilMs)
    return 'time'
  }

  #runNext(): void {
    const next = this.#agenda.take()
    if (next === undefined) return
    this.#eventsAtMoment = next.atMs === this.#nowMs ? this.#eventsAtMoment + 1 : 0
    if (this.#eventsAtMoment > eventsPerMomentMax)
      throw new CardumenError('simulation-stuck', `The world runs in a circle at ${this.#nowMs.toFixed(1)} ms.`)
    this.#nowMs = next.atMs
    this.#events++
    this.#digest.addNumber(next.atMs)
    next.run()
  }
}
