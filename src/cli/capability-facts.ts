/**
 * What a capability says of itself, for people and for scripts. Nothing of it opens anything: the text of a capability
 * is printed by `--text` alone.
 */
import { Capability } from '../kernel/capabilities/capability.ts'
import { rightsText } from '../kernel/capabilities/rights.ts'
import { toHex } from '../lib/bytes.ts'
import { styled } from './terminal.ts'

export interface CapabilityFacts {
  readonly port: string
  readonly object: number
  readonly generation: number
  readonly rights: string
  /** Left out: all. */
  readonly operations?: readonly string[]
  /** ISO 8601. Left out: never. */
  readonly expiresAt?: string
  /** Public keys; one that is bound to two can be used by nobody. */
  readonly holders?: readonly string[]
  readonly caveats: number
  readonly branch: string
}

export function factsOf(capability: Capability): CapabilityFacts {
  const { port, object, generation, caveats } = Capability.partsOf(capability)
  const lists = caveats.flatMap((caveat) => (caveat.kind === 'operations' ? [caveat.names] : []))
  const holders = caveats.flatMap((caveat) => (caveat.kind === 'holder' ? [toHex(caveat.publicKey)] : []))
  const { expiresAtMs } = capability
  return {
    port,
    object,
    generation,
    rights: rightsText(capability.rights),
    ...(lists.length > 0 && { operations: inAll(lists) }),
    ...(expiresAtMs !== undefined && { expiresAt: isoTime(expiresAtMs) }),
    ...(holders.length > 0 && { holders: [...new Set(holders)] }),
    caveats: caveats.length,
    branch: capability.branch,
  }
}

export function factsText(facts: CapabilityFacts, nowMs = Date.now()): string {
  const { operations, expiresAt, holders } = facts
  const isOver = expiresAt !== undefined && Date.parse(expiresAt) <= nowMs
  const lines: readonly (readonly [title: string, text: string])[] = [
    ['port', facts.port],
    ['object', `${facts.object}, generation ${facts.generation}`],
    ['rights', facts.rights],
    ['operations', operations === undefined ? 'all' : operations.join(' ') || 'none'],
    ['expires', expiresAt === undefined ? 'never' : `${expiresAt}${isOver ? styled('red', ' (it is over)') : ''}`],
    ['holder', holders === undefined ? 'whoever has it' : `only the member with key ${holders.join(' and ')}`],
    ['branch', facts.branch],
  ]
  return lines.map(([title, text]) => `${styled('bold', title.padEnd(11))} ${text}`).join('\n')
}

function inAll([first = [], ...others]: readonly (readonly string[])[]): readonly string[] {
  return first.filter((name) => others.every((list) => list.includes(name)))
}

/** What a Date cannot hold is after all of its years. */
function isoTime(atMs: number): string {
  const date = new Date(atMs)
  return Number.isNaN(date.getTime()) ? 'after the year 275760' : date.toISOString()
}
