/**
 * A lock that is granted for a second at a time, so that a holder that died does not keep it for ever; and a counter
 * which the lock protects. What the counter makes of the tokens decides whether the two of them are right.
 */
import type { System } from 'cardumen'
import { Counter, Lock } from './contract.ts'

const leaseMs = 1_000

export async function serveLock(system: System): Promise<void> {
  let token = 0
  let endsMs: number | undefined
  await system.serve(
    Lock,
    {
      acquire: () => {
        const nowMs = system.clock.now()
        if (endsMs !== undefined && nowMs < endsMs) return null
        endsMs = nowMs + leaseMs
        return ++token
      },
      release: (released) => {
        if (released.token === token) endsMs = undefined
      },
    },
    { name: 'lock' },
  )
}

/**
 * `trusting`: whoever asks holds the lock, is it not so? That is the planted bug.
 * `guards-writes`: refuses a write with an older token than it has seen in a write. Nearly right.
 * `guards-all`: refuses any use of an older token than it has seen in any use.
 */
export type Store = 'trusting' | 'guards-writes' | 'guards-all'

export async function serveCounter(system: System, store: Store): Promise<void> {
  let value = 0
  let newest = 0
  const isStale = (token: number): boolean => {
    if (token < newest) return true
    newest = token
    return false
  }
  await system.serve(
    Counter,
    {
      read: ({ token }) => (store === 'guards-all' && isStale(token) ? null : value),
      write: (asked) => {
        if (store !== 'trusting' && isStale(asked.token)) return false
        value = asked.value
        return true
      },
    },
    { name: 'counter' },
  )
}
