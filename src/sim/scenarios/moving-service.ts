/**
 * The service of the scenario `moving`, and what a run remembers of it outside of all members: which serving accepted
 * which call with which capability, and what was revoked by then.
 *
 * A serving is one time between `serve` and its end. What is noted here survives every crash, so a claim about what two
 * members did at the same moment can be checked where it happens: in the handler.
 */
import type { Capability } from '../../kernel/capabilities/capability.ts'
import { objectOf, text } from '../../kernel/schemas.ts'
import { defineService, type Handlers } from '../../kernel/service.ts'
import type { Address } from '../../lib/identifiers.ts'

const charactersMax = 200

export const Shop = defineService('shop', {
  /** Where it was done. */
  act: { input: objectOf({ id: text(charactersMax) }), output: text(charactersMax) },
})

export class ShopMemory {
  /** Times that each call ran. */
  readonly runs = new Map<string, number>()
  /** Branches whose revocation was acknowledged. */
  readonly revoked = new Set<string>()
  /** Addresses that began to serve. */
  readonly everServed = new Set<string>()
  readonly #retired = new Set<number>()
  #accepting: number | undefined
  #servings = 0
  /** Set by the run that checks. */
  onBroken: (claim: string, text: string) => void = () => undefined

  /** Of one serving at this address. */
  handlersAt(address: Address): Handlers<(typeof Shop)['operations']> {
    const serving = ++this.#servings
    this.everServed.add(address)
    return {
      act: ({ id }, { capability }) => {
        this.#accept(serving, address, capability)
        this.runs.set(id, (this.runs.get(id) ?? 0) + 1)
        return address
      },
    }
  }

  #accept(serving: number, address: Address, capability: Capability): void {
    const { branch } = capability
    if (this.revoked.has(branch))
      this.onBroken('revoked', `${address} accepted branch ${branch.slice(0, 8)} after its revocation was acknowledged`)
    if (this.#retired.has(serving))
      this.onBroken(
        'one-server',
        `${address} (serving ${serving}) accepted a call after serving ${this.#accepting} had`,
      )
    if (this.#accepting !== undefined && this.#accepting !== serving) this.#retired.add(this.#accepting)
    this.#accepting = serving
  }
}
