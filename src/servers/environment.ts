/**
 * The capabilities that a process begins with, as the text of one variable of its environment.
 *
 *     CARDUMEN_CAPABILITIES=root=cap:… mailbox=cap:…
 *
 * A process that was started by the system always has the variable, be it empty: then it begins with none. Only the
 * user that a process runs as can read its environment, so the texts are as safe there as in the engine's file. Errors
 * name a variable or a capability's name, never the text.
 */
import { Capability } from '../kernel/capabilities/capability.ts'
import { CardumenError } from '../lib/cardumen-error.ts'

export const capabilitiesVariable = 'CARDUMEN_CAPABILITIES'
export const capabilitiesMax = 64
/** Of the variable: what every operating system takes. Sixty-four capabilities without long lists of operations fit. */
export const capabilitiesTextMax = 32_000
/** The capability of the root directory goes by this name. */
export const rootName = 'root'

/** By name. It has no other properties, not even inherited ones. */
export type CapabilitySet = Readonly<Record<string, Capability>>

/**
 * A copy that nobody changes any more.
 * @throws CardumenError `name-invalid`, `option-invalid` (no capability), `too-large` over 64.
 */
export function capabilitySet(given: Readonly<Record<string, Capability>>): CapabilitySet {
  checkIsSet(given)
  const entries = Object.entries(given)
  if (entries.length > capabilitiesMax)
    throw new CardumenError('too-large', `A process begins with at most ${capabilitiesMax} capabilities.`)
  const set = Object.create(null) as Record<string, Capability>
  for (const [name, capability] of entries) {
    checkName(name)
    if (!(capability instanceof Capability))
      throw new CardumenError('option-invalid', `What was given as "${name}" is no capability.`)
    set[name] = capability
  }
  return Object.freeze(set)
}

/** A secret, like the capabilities in it. @throws CardumenError `too-large` over `capabilitiesTextMax`. */
export function capabilitiesText(set: CapabilitySet): string {
  const text = Object.entries(set)
    .map(([name, capability]) => `${name}=${Capability.toText(capability)}`)
    .join(' ')
  if (text.length <= capabilitiesTextMax) return text
  throw new CardumenError(
    'too-large',
    `The capabilities of a process have ${text.length} letters, over ${capabilitiesTextMax}.`,
  )
}

/** @throws CardumenError `capability-invalid`: the variable holds something else. */
export function parseCapabilities(text: string): CapabilitySet {
  const set: Record<string, Capability> = {}
  for (const [index, word] of text.split(' ').filter(Boolean).entries()) {
    const at = word.indexOf('=')
    const name = word.slice(0, Math.max(0, at))
    if (!isName(name) || Object.hasOwn(set, name)) throw unreadable(`entry ${index + 1} has no name of its own`)
    try {
      set[name] = Capability.parse(word.slice(at + 1))
    } catch (cause) {
      throw unreadable(`"${name}" is no capability, or was cut off`, cause)
    }
  }
  return capabilitySet(set)
}

/** What is no set at all must not be taken for nothing given, which means everything. */
function checkIsSet(given: unknown): void {
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return
  throw new CardumenError('option-invalid', 'capabilities is an object with a capability under each name.')
}

function checkName(name: string): void {
  if (isName(name)) return
  throw new CardumenError(
    'name-invalid',
    'The name of a capability begins with a letter and has 1 to 64 of A-Z a-z 0-9 _ -',
  )
}

function isName(name: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(name)
}

function unreadable(why: string, cause?: unknown): CardumenError {
  return new CardumenError('capability-invalid', `The variable ${capabilitiesVariable} cannot be read: ${why}.`, {
    cause,
  })
}
