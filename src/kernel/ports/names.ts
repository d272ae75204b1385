/**
 * What a name means: rows of the engine under the leases of the members that serve (`server-rows.ts`).
 *
 * Several servers may enter one name; they share its calls. Names are followed in memory, so that choosing a server
 * costs no engine read. A row leads nowhere unless it has the proof that its member serves the port; the proof is
 * looked at once, before the first call goes there. Rows go with their member's lease, so a name never leads to the
 * dead for longer than their death takes to be noticed. Where a single port is, `ports.ts` knows.
 */
import type { Cancel, Clock } from '../../edges/clock.ts'
import type { Crypto } from '../../edges/crypto.ts'
import type { Change, Engine, Entry } from '../../edges/engine.ts'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { equalBytes } from '../../lib/bytes.ts'
import type { Address, Port } from '../../lib/identifiers.ts'
import { Capability } from '../capabilities/capability.ts'
import { type Following, follow } from '../follow.ts'
import { Listeners } from '../listeners.ts'
import { isPortProof } from './port-proof.ts'
import { decodeNameRow, nameKeyOf, namePrefix } from './server-rows.ts'
import { Vanished } from './vanished.ts'

/** After so long a server that could not be reached is looked for again. */
const lookAgainMs = 1_000

/** One server, as those who call it know it. */
export interface ServerEntry {
  readonly capability: Capability
  readonly address: Address
  readonly port: Port
  /** Its proof was looked at. Nothing may be sent before: `Names.prove`. */
  readonly isProven: boolean
}

type MutableEntry = { -readonly [Key in keyof ServerEntry]: ServerEntry[Key] }

interface Known {
  readonly name: string
  readonly entry: MutableEntry
  /** Of the row; empty for a server of this member's own. */
  readonly proof: Uint8Array
  readonly isKept: boolean
}

export interface NamesOptions {
  readonly engine: Engine
  readonly clock: Clock
  readonly crypto: Crypto
  /** From memory: the key that a member proves with each link. */
  readonly publicKeyOf: (of: Address) => Uint8Array | undefined
  /** Has the key of a live member known from then on. */
  readonly identify: (of: Address) => Promise<unknown>
  /** A row proved nothing; who wrote it is not known. */
  readonly onUnproven: () => void
}

/** A server of this member's own. */
export interface OwnServer extends Pick<ServerEntry, 'capability' | 'address' | 'port'> {
  readonly name: string
  readonly proof: Uint8Array
  readonly isKept: boolean
}

export class Names {
  readonly #engine: Engine
  readonly #clock: Clock
  readonly #crypto: Crypto
  readonly #byKey = new Map<string, Known>()
  readonly #byName = new Map<string, readonly ServerEntry[]>()
  readonly #listeners = new Map<string, Listeners<void>>()
  /** Names with a server that was set aside, until they are looked up again. */
  readonly #lookups = new Map<string, Cancel>()
  readonly #vanished: Vanished<string>
  #isClosed = false
  readonly #onUnproven: () => void
  readonly #publicKeyOf: NamesOptions['publicKeyOf']
  readonly #identify: NamesOptions['identify']
  #following: Following | undefined

  constructor({ engine, clock, crypto, publicKeyOf, identify, onUnproven }: NamesOptions) {
    this.#onUnproven = onUnproven
    this.#publicKeyOf = publicKeyOf
    this.#identify = identify
    this.#engine = engine
    this.#clock = clock
    this.#crypto = crypto
    this.#vanished = new Vanished(clock)
  }

  async start(): Promise<void> {
    this.#following = await follow(this.#engine, this.#clock, namePrefix, {
      onListing: (entries) => this.#onListing(entries),
      onChange: (change) => this.#onChange(change),
    })
  }

  /** A server of this member is known here at once, without waiting for its row to come back. */
  add({ name, capability, address, port, proof, isKept }: OwnServer): void {
    const entry = { capability, address, port, isProven: true }
    this.#set(nameKeyOf(name, port), { name, entry, proof, isKept })
  }

  /** It serves no more. */
  drop(name: string, port: Port): void {
    this.#unset(nameKeyOf(name, port))
  }

  /** Live servers of a name, as last seen; no engine read. */
  servers(name: string): readonly ServerEntry[] {
    return this.#byName.get(name) ?? []
  }

  get engineTroubles(): number {
    return this.#following?.troubles() ?? 0
  }

  names(): readonly string[] {
    return [...this.#byName.keys()].sort()
  }

  /** Asks the engine, for a name that was entered a moment ago, or a server that was set aside. */
  async refresh(name: string): Promise<readonly ServerEntry[]> {
    await this.#lookUp(name)
    return this.servers(name)
  }

  /**
   * Before the first use of an entry. False: its row proves nothing, and it is left out from now on; or its member is not
   * known yet, and it is looked up again with that.
   */
  prove(name: string, entry: ServerEntry): boolean {
    const key = nameKeyOf(name, entry.port)
    const known = this.#byKey.get(key)
    if (known?.entry !== entry) return entry.isProven
    const { port, address } = entry
    const publicKey = this.#publicKeyOf(address)
    const place = { systemId: this.#engine.systemId, port, address }
    known.entry.isProven = publicKey !== undefined && isPortProof(this.#crypto, place, publicKey, known.proof)
    if (known.entry.isProven) return true
    if (publicKey === undefined) this.#lookLater(name)
    else this.#onUnproven()
    this.#unset(key)
    return false
  }

  onChanged(name: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Listeners(this.#clock)
    this.#listeners.set(name, listeners)
    const stop = listeners.add(listener)
    return () => {
      stop()
      if (listeners.count === 0) this.#listeners.delete(name)
    }
  }

  /** It had a server of a kept identity a moment ago, which is likely to come back, here or elsewhere. */
  isAwaited(name: string): boolean {
    return this.#vanished.isAwaited(name)
  }

  /**
   * A server that did not take a call. If it is gone for good the watch will say so too; if it was only out of reach,
   * its row still stands and it is found again.
   */
  forgetServer(name: string, entry: ServerEntry): void {
    const key = nameKeyOf(name, entry.port)
    if (this.#byKey.get(key)?.entry.address === entry.address) this.#unset(key)
    this.#lookLater(name)
  }

  forgetMember(parted: Address): void {
    for (const [key, { entry }] of this.#byKey) if (entry.address === parted) this.#unset(key)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const cancel of this.#lookups.values()) cancel()
    await this.#following?.close()
  }

  #lookLater(name: string): void {
    if (this.#isClosed || this.#lookups.has(name)) return
    this.#lookups.set(
      name,
      this.#clock.after(lookAgainMs, () => void this.#lookAgain(name), { background: true }),
    )
  }

  /** Until it has been done: nobody else asks for a server that was set aside as long as the name has others. */
  async #lookAgain(name: string): Promise<void> {
    this.#lookups.delete(name)
    let isDone = false
    try {
      isDone = await this.#lookUp(name)
    } catch (error) {
      if (!isCardumenError(error)) throw error
      isDone = error.code === 'closed'
    }
    if (!isDone) this.#lookLater(name)
  }

  /** False: what was seen since may have taken some of the listed ones away, so none is taken over. */
  async #lookUp(name: string): Promise<boolean> {
    const { entries, revision } = await this.#engine.list(`${namePrefix}${name}/`)
    await this.#identifyAll(entries)
    if (this.#following !== undefined && revision < this.#following.revision()) return false
    for (const entry of entries) this.#put(entry.key, entry.value)
    return true
  }

  /** Their members may have joined a moment ago, and their keys are needed for the proofs. */
  async #identifyAll(entries: readonly Entry[]): Promise<void> {
    for (const { value } of entries) {
      const address = decodeNameRow(value)?.address
      if (address !== undefined && this.#publicKeyOf(address) === undefined) await this.#identify(address)
    }
  }

  #onListing(entries: readonly Entry[]): void {
    const listed = new Set(entries.map((entry) => entry.key))
    for (const key of this.#byKey.keys()) if (!listed.has(key)) this.#unset(key)
    for (const entry of entries) this.#put(entry.key, entry.value)
  }

  #onChange(change: Change): void {
    if (change.kind === 'delete') this.#unset(change.key)
    else this.#put(change.key, change.value)
  }

  #put(key: string, value: Uint8Array): void {
    const row = decodeNameRow(value)
    if (row === undefined) return
    const { capability, address, proof, isKept } = row
    const port = Capability.portOf(capability)
    const name = key.slice(namePrefix.length, key.lastIndexOf('/'))
    if (key !== nameKeyOf(name, port)) return
    this.#set(key, { name, entry: { capability, address, port, isProven: false }, proof, isKept })
  }

  /** A kept port that moved has the same key and another address; what stays the same keeps its entry. */
  #set(key: string, known: Known): void {
    const before = this.#byKey.get(key)
    const { name, entry } = known
    if (before !== undefined && isSame(before, known)) return
    this.#byKey.set(key, known)
    this.#byName.set(name, [...this.servers(name).filter((each) => each !== before?.entry), entry])
    this.#vanished.found(name, entry.address)
    this.#announce(name)
  }

  #unset(key: string): void {
    const known = this.#byKey.get(key)
    if (known === undefined) return
    const { name, entry, isKept } = known
    this.#byKey.delete(key)
    const rest = this.servers(name).filter((each) => each !== entry)
    if (rest.length > 0) this.#byName.set(name, rest)
    else this.#byName.delete(name)
    if (isKept && entry.isProven) this.#vanished.note(name, entry.address)
    this.#announce(name)
  }

  #announce(name: string): void {
    this.#listeners.get(name)?.tell()
  }
}

function isSame(left: Known, right: Known): boolean {
  const isThere = left.entry.address === right.entry.address && equalBytes(left.proof, right.proof)
  return isThere && left.entry.capability.equals(right.entry.capability)
}
