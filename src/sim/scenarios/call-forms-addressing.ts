/**
 * How a client of `call-forms` comes to the address of its server.
 *
 * A machine number is what its program was told, until a person tells it another. A sparse address is a port that a
 * broadcast finds. A name server is asked by a call. What was found is kept until a call shows that it is out of date.
 */
import type { Address } from '../../lib/identifiers.ts'
import type { CallForm } from './call-forms-form.ts'

export type Found = (at: Address | undefined) => void

/** What finding needs of the world. */
export interface FindingGround {
  /** The present life of the machine whose number the clients were told. */
  numbered(): Address
  locate(client: Address, found: Found): void
  notHere(client: Address, at: Address): void
  askNameServer(client: Address, found: Found): void
}

/** Of one life of a client. */
export class ServerFinder {
  readonly #addressing: CallForm['addressing']
  readonly #client: Address
  readonly #ground: FindingGround
  #named: Address | undefined

  constructor(addressing: CallForm['addressing'], client: Address, ground: FindingGround) {
    this.#addressing = addressing
    this.#client = client
    this.#ground = ground
  }

  find(found: Found): void {
    switch (this.#addressing) {
      case 'machine-number':
        return found(this.#ground.numbered())
      case 'sparse-address':
        return this.#ground.locate(this.#client, found)
      case 'name-server':
        if (this.#named !== undefined) return found(this.#named)
        return this.#ground.askNameServer(this.#client, (at) => {
          this.#named = at
          found(at)
        })
    }
  }

  /** A call there has failed. */
  doubt(at: Address): void {
    if (this.#addressing === 'sparse-address') this.#ground.notHere(this.#client, at)
    if (this.#named === at) this.#named = undefined
  }
}
