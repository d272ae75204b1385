/**
 * The service of the scenario `revoking`, and what a run remembers outside of all members: every capability that was
 * given on, what it may do, what it was made from, and what was revoked.
 *
 * What a capability allows is reckoned here by itself, from what it was narrowed by; the handlers compare that with what
 * the kernel let through. So a claim is checked where it happens, by words that the kernel has no part in.
 */
import type { Capability } from '../../kernel/capabilities/capability.ts'
import { rights } from '../../kernel/capabilities/rights.ts'
import { text } from '../../kernel/schemas.ts'
import { type CallContext, defineService, type Handlers } from '../../kernel/service.ts'
import type { Address } from '../../lib/identifiers.ts'
import type { System } from '../../servers/system.ts'

const charactersMax = 200

export const Vault = defineService('vault', {
  /** Where it was done. */
  look: { output: text(charactersMax), right: 'read' },
  put: { output: text(charactersMax), right: 'modify' },
})

export type VaultOperation = keyof (typeof Vault)['operations']

export const vaultOperations = ['look', 'put'] as const
const neededFor: Readonly<Record<VaultOperation, number>> = { look: rights.read, put: rights.modify }

/** One that somebody holds. */
export interface Given {
  readonly capability: Capability
  readonly object: number
  /** Of the object, when the first of its line was made. */
  readonly generation: number
  /** What it was narrowed from. */
  readonly parent: Given | undefined
  readonly rights: number
  readonly operations: readonly VaultOperation[]
  /** By the server's wall clock; Infinity: never. */
  readonly expiresAtMs: number
  readonly holder: Address | undefined
  /** `asked`: whether it counts nobody knows; it may. */
  revoked: 'no' | 'asked' | 'acknowledged'
}

export class VaultMemory {
  /** Set by the run that checks. */
  onBroken: (claim: string, text: string) => void = () => undefined
  readonly #given = new Map<string, Given>()
  /** By object: generations below this one were acknowledged to be of no more use. */
  readonly generations = new Map<number, number>()
  accepted = 0

  add(given: Given): Given {
    this.#given.set(given.capability.branch, given)
    return given
  }

  handlersAt(system: System): Handlers<(typeof Vault)['operations']> {
    const act = (operation: VaultOperation, context: CallContext): string => {
      this.#accept(operation, context, system)
      return system.member.address
    }
    return { look: (_, context) => act('look', context), put: (_, context) => act('put', context) }
  }

  /** Whether it, or anything that it was made from, was revoked for sure, or perhaps. */
  isRevoked(given: Given): Given['revoked'] {
    if (given.generation < (this.generations.get(given.object) ?? 0)) return 'acknowledged'
    const line = lineOf(given).map(({ revoked }) => revoked)
    if (line.includes('acknowledged')) return 'acknowledged'
    return line.includes('asked') ? 'asked' : 'no'
  }

  #accept(operation: VaultOperation, { capability, caller, object }: CallContext, system: System): void {
    this.accepted++
    const { address } = system.member
    const given = this.#given.get(capability.branch)
    const what = `${address} accepted ${operation} by ${caller} with ${String(capability)}`
    if (given === undefined) return this.onBroken('genuine', `${what}, which nobody was given`)
    if (given.object !== object) this.onBroken('object', `${what} for object ${object}`)
    if (this.isRevoked(given) === 'acknowledged') this.onBroken('revoked', `${what} after its revocation`)
    if (!allows(given, operation)) this.onBroken('allowed', `${what}, which does not allow it`)
    const lateMs = system.clock.wallMs() - given.expiresAtMs
    if (lateMs >= 0) this.onBroken('expired', `${what} ${lateMs} ms after its end`)
    if (given.holder !== undefined && given.holder !== caller)
      this.onBroken('holder', `${what}, which is for ${given.holder} alone`)
  }
}

/** Rights and operations alone. */
export function allows(given: Given, operation: VaultOperation): boolean {
  return given.operations.includes(operation) && (given.rights & neededFor[operation]) !== 0
}

/** It and all that it was narrowed from. */
export function lineOf(given: Given): readonly Given[] {
  return given.parent === undefined ? [given] : [given, ...lineOf(given.parent)]
}
