/**
 * What is to be done when a thread has ended: what it held is freed, and whoever joined it is woken. Runs in the service thread.
 */
import { arena } from '../memory/arena.ts'
import { forgetPartiesStartedBy } from '../memory/parties.ts'
import { forgetPrimitivesReservedBy } from '../memory/primitives.ts'
import { recoverParty } from '../waiting/recovery.ts'
import { openWaits, signal, wait, waitIn, waitRow } from '../waiting/waits.ts'

const listeners: ((party: number) => void)[] = []

/** Calls back for each thread that has ended, before another can have its number. For modules that the service thread loads, once each. */
export function onBurial(listener: (party: number) => void): void {
  listeners.push(listener)
}

/**
 * Call once all that it said has been heard: what it had begun and told nobody of is given back. Afterwards the party's number
 * may belong to another. `hasDied`: false where its function returned.
 */
export function buryParty(party: number, hasDied: boolean): void {
  try {
    for (const listener of listeners) listener(party)
  } finally {
    try {
      forgetPartiesStartedBy(party)
      forgetPrimitivesReservedBy(party)
      recoverParty(party, hasDied)
    } finally {
      wakeJoiners(party)
    }
  }
}

/** They look whether it is over; so one that joins another thread of that number meanwhile is not harmed. */
function wakeJoiners(party: number): void {
  const { words } = arena()
  for (const row of openWaits()) {
    const at = waitRow(row)
    if (words[at + wait.primitive] !== 0 || words[at + wait.target] !== party) continue
    const found = waitIn(row)
    if (found !== undefined) signal(found)
  }
}
