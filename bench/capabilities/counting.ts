/**
 * Counts what a member does while something is measured: reads of its engine, and requests that it sends.
 *
 * A read is one question to the engine, whatever it gives: `get`, `list` or `transact`. Requests are counted by the
 * member's own trace.
 */
import type { System } from '../../src/cardumen.ts'

export interface Counted {
  readonly engineReads: number
  readonly requests: number
}

/** Counts from now on, for as long as the process lives; the function that it returns tells what it has counted so far. */
export function countWork(system: System): () => Counted {
  let engineReads = 0
  let requests = 0
  const { engine } = system.member
  const [get, list, transact] = [engine.get.bind(engine), engine.list.bind(engine), engine.transact.bind(engine)]
  engine.get = (key) => {
    engineReads++
    return get(key)
  }
  engine.list = (prefix, options) => {
    engineReads++
    return list(prefix, options)
  }
  engine.transact = (transaction) => {
    engineReads++
    return transact(transaction)
  }
  system.member.traces.follow(({ effects }) => {
    requests += effects.filter((effect) => effect.kind === 'send' && effect.type === 'REQ').length
  })
  return () => ({ engineReads, requests })
}
