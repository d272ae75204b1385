/**
 * What is done once a party is no more: nothing is left that it held, and nobody waits in vain because of it.
 *
 * A thread can be stopped at every call, those of `Atomics` too, so it may also have died on its way to whoever it was to wake. Therefore each
 * primitive for which somebody waits is settled anew, also those that the dead party did not hold.
 * Runs in the service thread. All of it may be done twice, and while the others go on.
 */
import { arena } from '../memory/arena.ts'
import { party, partyState, removeParty, setPartyWord } from '../memory/parties.ts'
import { primitiveKindOf, type PrimitiveKind, primitives } from '../memory/primitives.ts'
import { forgetHoldings } from './holdings.ts'
import { recoverBarrier, settleBarrier } from './barrier-phase.ts'
import { recoverCondition } from './condition.ts'
import { settleEvent } from './event.ts'
import { recoverLock, settleLock } from './lock.ts'
import { recoverOnce, settleOnce } from './once.ts'
import { recoverReentrantLock } from './reentrant-lock.ts'
import { recoverSemaphore, settleSemaphore } from './semaphore-units.ts'
import { recoverShares, settleShares } from './shares.ts'
import { closeWaitsOf, type LeftWait, openWaits, wait, waitRow, wakeDecided, wakeMany } from './waits.ts'

interface Kind {
  /** Takes the dead party out of it. `left`: its waits for it. */
  readonly recover?: (index: number, dead: number, left: readonly LeftWait[], hasDied: boolean) => void
  /** Wakes whoever of its waiters could go on. Left out, all look. */
  readonly settle?: (index: number) => void
}

const lock: Kind = { recover: recoverLock, settle: settleLock }

const kinds: Partial<Record<PrimitiveKind, Kind>> = {
  lock,
  'fair lock': lock,
  'reentrant lock': { recover: recoverReentrantLock, settle: settleLock },
  semaphore: { recover: recoverSemaphore, settle: settleSemaphore },
  event: { settle: settleEvent },
  // Who was notified has it in its wait; the others are to wait on.
  condition: { recover: recoverCondition, settle: () => undefined },
  barrier: { recover: recoverBarrier, settle: settleBarrier },
  'read-write lock': { recover: recoverShares, settle: settleShares },
  once: { recover: recoverOnce, settle: settleOnce },
}

/**
 * Takes a party out of everything, and gives its number back. Call once it can do nothing any more: after its thread's exit; of
 * a thread of another process, once all that was asked for it here has been settled. `hasDied`: false for one that came to its
 * end as it should; then no barrier breaks because of it.
 */
export function recoverParty(id: number, hasDied = true): void {
  setPartyWord(id, party.state, partyState.ended)
  const left = Map.groupBy(closeWaitsOf(id), ({ primitive }) => primitive)
  for (const { index, kind } of primitives()) kinds[kind]?.recover?.(index, id, left.get(index) ?? [], hasDied)
  forgetHoldings(id)
  wakeDecided()
  settleAll()
  removeParty(id)
}

function settleAll(): void {
  const { words } = arena()
  const awaited = new Set(openWaits().map((row) => words[waitRow(row) + wait.primitive] ?? 0))
  for (const index of awaited) {
    if (index === 0) continue
    const kind = primitiveKindOf(index)
    // Of none: it was closed, and who closed it may have died before those who wait heard of it. They look, and see.
    if (kind === undefined) wakeMany(index)
    else (kinds[kind]?.settle ?? wakeMany)(index)
  }
}
