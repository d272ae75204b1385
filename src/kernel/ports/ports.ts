/**
 * Where ports are: remembered, else read from the engine, else asked of the other members (`locate-driver.ts`).
 *
 * An address is remembered only with a proof that whoever is there holds the port's get-port, so a capability is never
 * sent to a member that merely says so. A row without one is passed over and counted. What is remembered may be old: the
 * call that goes there finds out and says `forget`. Calls that look for one port at the same time share one search.
 */
import type { Clock } from '../../edges/clock.ts'
import type { Crypto } from '../../edges/crypto.ts'
import type { Engine } from '../../edges/engine.ts'
import { CardumenError, isCardumenError } from '../../lib/cardumen-error.ts'
import type { Address, Port } from '../../lib/identifiers.ts'
import type { LocatedPort, LocateDriver } from './locate-driver.ts'
import { isPortProof } from './port-proof.ts'
import { decodePortRow, portKeyOf } from './server-rows.ts'
import { Vanished } from './vanished.ts'

const portsRememberedMax = 10_000

export interface PortsOptions {
  readonly engine: Engine
  readonly clock: Clock
  readonly crypto: Crypto
  readonly driver: Pick<LocateDriver, 'locate' | 'notHere'>
  /** A live member, with the key that it proves with each link. */
  identify(of: Address): Promise<{ readonly publicKey: Uint8Array } | undefined>
  /** A row proved nothing; who wrote it is not known. */
  onUnproven(): void
}

export class Ports {
  readonly #options: PortsOptions
  readonly #known = new Map<Port, LocatedPort>()
  /** Searches under way; bounded by the calls that wait for them. */
  readonly #searches = new Map<Port, Promise<LocatedPort | undefined>>()
  readonly #vanished: Vanished<Port>

  constructor(options: PortsOptions) {
    this.#options = options
    this.#vanished = new Vanished(options.clock)
  }

  /** From memory. */
  located(port: Port): Address | undefined {
    return this.#known.get(port)?.address
  }

  /** @throws CardumenError `address-unknown` where nobody serves the port; what the engine throws. */
  async locate(port: Port): Promise<Address> {
    const found = this.#known.get(port) ?? (await this.#shared(port))
    if (found !== undefined) return found.address
    throw new CardumenError('address-unknown', 'Nobody serves the object that this capability names.')
  }

  /** The server was seen not to be there; it may be remembered elsewhere meanwhile. */
  forget(port: Port, at: Address): void {
    const known = this.#known.get(port)
    this.#options.driver.notHere(port, at)
    if (known?.address !== at) return
    this.#known.delete(port)
    if (known.isKept) this.#vanished.note(port, at)
  }

  forgetMember(parted: Address): void {
    for (const [port, { address }] of this.#known) if (address === parted) this.forget(port, parted)
  }

  /** It was there a moment ago and is likely to come back, here or elsewhere. */
  isAwaited(port: Port): boolean {
    return this.#vanished.isAwaited(port)
  }

  async #shared(port: Port): Promise<LocatedPort | undefined> {
    const underWay = this.#searches.get(port)
    if (underWay !== undefined) return underWay
    const search = this.#search(port)
    this.#searches.set(port, search)
    try {
      const found = await search
      if (found !== undefined) this.#remember(port, found)
      return found
    } finally {
      this.#searches.delete(port)
    }
  }

  async #search(port: Port): Promise<LocatedPort | undefined> {
    try {
      const found = await this.#readRow(port)
      if (found !== undefined) return found
    } catch (error) {
      if (!isCardumenError(error) || error.code === 'closed') throw error
      const found = await this.#options.driver.locate(port)
      if (found !== undefined) return found
      throw error
    }
    return await this.#options.driver.locate(port)
  }

  async #readRow(port: Port): Promise<LocatedPort | undefined> {
    const { engine, crypto } = this.#options
    const entry = await engine.get(portKeyOf(port))
    if (entry === undefined) return undefined
    const row = decodePortRow(entry.value)
    const member = row && (await this.#options.identify(row.address))
    // Its row goes with its lease: it has left since that was read.
    if (row !== undefined && member === undefined) return undefined
    if (row !== undefined && member !== undefined) {
      const place = { systemId: engine.systemId, port, address: row.address }
      if (isPortProof(crypto, place, member.publicKey, row.proof)) return row
    }
    this.#options.onUnproven()
    return undefined
  }

  #remember(port: Port, { address, isKept }: LocatedPort): void {
    if (this.#known.size >= portsRememberedMax) this.#known.clear()
    this.#known.set(port, { address, isKept })
    this.#vanished.found(port, address)
  }
}
