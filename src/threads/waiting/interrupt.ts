/**
 * Interrupting a thread: its blocking wait fails with `interrupted`, or its next one does where it does not wait now.
 */
import { party as partyWords, setPartyWord } from '../memory/parties.ts'
import { raiseIn, raising, waitIn } from './waits.ts'

export function interruptParty(party: number): void {
  // First the flag: who is just about to wait looks at it once its row is open, and who hears of it takes it down.
  setPartyWord(party, partyWords.interrupt, 1)
  const found = waitIn(party)
  if (found !== undefined) raiseIn(found, raising.interrupted)
}
