/**
 * Measured process: checks a long history of registers that work for linearizability.
 *
 * Ten clients at a time read and write some dozens of keys; each operation takes effect at a moment between its
 * invocation and its return, so the history is linearizable, and one in a hundred ends with nobody knowing how.
 */
import {
  checkLinearizable,
  type HistoryEvent,
  models,
  pairEvents,
  type Random,
  seededRandom,
} from '../../src/simulate.ts'
import { answer } from '../harness/answer.ts'
import { type Cost, costOf } from './cost.ts'

export type HistoryMethods = typeof methods

export interface HistoryShape {
  readonly operations: number
  readonly keys: number
}

const CLIENTS = 10
const UNKNOWN_SHARE = 0.01

const methods = {
  /** Pairing what was recorded, and checking it. */
  check: async (shape: HistoryShape): Promise<Cost> => {
    const { events } = new RegisterClients(seededRandom(7), shape)
    const { ms, cpuMs, result } = await costOf(() =>
      checkLinearizable(pairEvents(events, models.register), models.register),
    )
    if (result.holds !== true) throw new Error(`a history that is right was found to be otherwise: ${result.holds}`)
    return { ms, cpuMs }
  },
}

interface Running {
  readonly asked: Pick<HistoryEvent, 'process' | 'f' | 'key' | 'value'>
  /** Undefined: it has not taken effect yet. */
  result: number | null | undefined
}

class RegisterClients {
  readonly events: HistoryEvent[] = []
  readonly #random: Random
  readonly #keys: number
  readonly #values = new Map<number, number>()
  readonly #names = Array.from({ length: CLIENTS }, (_, client) => client)
  readonly #running = new Map<number, Running>()
  #begun = 0
  #named = CLIENTS

  constructor(random: Random, { operations, keys }: HistoryShape) {
    this.#random = random
    this.#keys = keys
    while (this.#begun < operations || this.#running.size > 0) this.#goOn(random.below(CLIENTS), operations)
  }

  /** One of the clients begins something, or what it does takes effect, or returns. */
  #goOn(client: number, operations: number): void {
    const running = this.#running.get(client)
    if (running === undefined) {
      if (this.#begun < operations) this.#begin(client)
    } else if (running.result === undefined) running.result = this.#effectOf(running.asked)
    else this.#end(client, running, running.result)
  }

  #begin(client: number): void {
    const isRead = this.#random.below(2) === 0
    const key = this.#random.below(this.#keys)
    const asked = {
      process: this.#names[client] ?? 0,
      f: isRead ? 'read' : 'write',
      key,
      value: isRead ? null : ++this.#begun,
    }
    if (isRead) this.#begun++
    this.#running.set(client, { asked, result: undefined })
    this.#add({ ...asked, type: 'invoke' })
  }

  #effectOf({ f, key, value }: Running['asked']): number | null {
    const of = Number(key)
    if (f === 'write') this.#values.set(of, Number(value))
    return this.#values.get(of) ?? null
  }

  #end(client: number, { asked }: Running, result: number | null): void {
    this.#running.delete(client)
    const isUnknown = this.#random.next() < UNKNOWN_SHARE
    this.#add({ ...asked, type: isUnknown ? 'info' : 'ok', value: isUnknown ? asked.value : result })
    // Nobody acts again under the name of one that does not know how its operation ended.
    if (isUnknown) this.#names[client] = this.#named++
  }

  #add(event: Omit<HistoryEvent, 'index' | 'time'>): void {
    this.events.push({ ...event, index: this.events.length, time: this.events.length })
  }
}

answer(methods, () => Promise.resolve())
