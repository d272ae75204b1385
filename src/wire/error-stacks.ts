/**
 * The stacks of errors on their way to another member.
 *
 * Hosts send them whole, so that a caller sees where a handler failed. A simulated world sends none of them: a stack
 * says where the checkout lies and who called whom, and its length would decide how long a message takes. There it is
 * kept aside, by what the error says, and given back on arrival. The switch is one for the whole process, since
 * whatever encodes must follow it: a real member beside a simulation sends no stacks meanwhile either.
 */

/** Stacks kept aside; over this the oldest are forgotten, and such an error arrives without. */
const asideMax = 1_000
/** Of an error with a longer message none is kept. */
const messageCharactersMax = 8_192

const aside = new Map<string, string>()
let worlds = 0

/** Until what is returned is called, once. Worlds may overlap. */
export function keepStacksAside(): () => void {
  worlds++
  return () => {
    worlds--
    if (worlds === 0) aside.clear()
  }
}

/** @param stack - as the error has it. */
export function stackToSend(name: string, message: string, stack: string): string {
  if (worlds === 0) return stack
  if (message.length > messageCharactersMax) return ''
  const key = keyOf(name, message)
  aside.delete(key)
  aside.set(key, stack)
  if (aside.size > asideMax) forgetOldest()
  return ''
}

/** @param sent - what came with the error; empty: nothing did. */
export function stackReceived(name: string, message: string, sent: string): string {
  return sent !== '' || worlds === 0 ? sent : (aside.get(keyOf(name, message)) ?? '')
}

function forgetOldest(): void {
  for (const oldest of aside.keys()) {
    aside.delete(oldest)
    return
  }
}

function keyOf(name: string, message: string): string {
  return `${name}: ${message}`
}
