/**
 * What a name means and where a port is: rows of the engine under the lease of the member that serves.
 *
 * Several servers may enter one name; they share its calls. Names are followed in memory, so that choosing a server
 * costs no engine read; ports are looked up once and remembered until their member parts. Rows go with their member's
 * lease, so a name never leads to the dead for longer than their death takes to be noticed.
 */
import { type Change, type Engine, type Entry, type Lease, operationsPerTransactionMax } from '../edges/engine.ts'
import type { Cancel, Clock } from '../edges/clock.ts'
import { fromHex, toHex } from '../lib/bytes.ts'
import { CardumenError, isCardumenError } from '../lib/cardumen-error.ts'
import type { Address, Port } from '../lib/identifiers.ts'
import { fromUtf8, toUtf8 } from '../lib/text.ts'
import { Capability } from './capability.ts'
import { type Following, follow } from './follow.ts'
import { Listeners } from './listeners.ts'

const namePrefix = 'name/'
const portPrefix = 'port/'
const portsRememberedMax = 10_000
/** After so long a server that could not be reached is looked for again. */
const lookAgainMs = 1_000
/** After so long it is tried again to delete rows that the engine could not delete. */
const deleteAgainMs = 500

/** One server, as those who call it know it. */
export interface ServerEntry {
  readonly capability: Capability
  readonly address: Address
  readonly port: Port
}

export class Names {
  readonly #engine: Engine
  readonly #clock: Clock
  readonly #byKey = new Map<string, { readonly name: string; readonly entry: ServerEntry }>()
  readonly #byName = new Map<string, readonly ServerEntry[]>()
  readonly #ports = new Map<Port, Address>()
  readonly #listeners = new Map<string, Listeners<void>>()
  /** Names with a server that was set aside, until they are looked up again. */
  readonly #lookups = new Map<string, Cancel>()
  /** Keys of rows that are to go and could not be deleted. */
  readonly #unwanted = new Set<string>()
  #cancelDeleting: Cancel | undefined
  #isClosed = false
  #following: Following | undefined

  constructor(options: { readonly engine: Engine; readonly clock: Clock }) {
    this.#engine = options.engine
    this.#clock = options.clock
  }

  async start(): Promise<void> {
    this.#following = await follow(this.#engine, this.#clock, namePrefix, {
      onListing: (entries) => this.#onListing(entries),
      onChange: (change) => this.#onChange(change),
    })
  }

  /** Makes the port findable, and the server known by `name` where one is given. */
  async enter(name: string | undefined, capability: Capability, self: Address, lease: Lease): Promise<void> {
    const { port } = Capability.partsOf(capability)
    const address = toUtf8(self)
    const row = toUtf8(`${toHex(Capability.toBytes(capability))} ${self}`)
    const puts = [{ kind: 'put' as const, key: portPrefix + port, value: address, lease: lease.id }]
    if (name !== undefined) puts.push({ kind: 'put', key: keyOf(name, port), value: row, lease: lease.id })
    try {
      await this.#engine.transact({ then: puts })
    } catch (error) {
      // They may be there all the same, and would stand for nobody as long as this member lives.
      if (!isCardumenError(error) || error.executed !== 'no') this.#deleteLater(puts.map(({ key }) => key))
      throw error
    }
    if (name !== undefined) this.#set(keyOf(name, port), name, { capability, address: self, port })
  }

  /** Where the engine fails, the rows go as soon as it can be reached again. */
  async remove(name: string | undefined, capability: Capability): Promise<void> {
    const { port } = Capability.partsOf(capability)
    const keys = [portPrefix + port]
    if (name !== undefined) {
      keys.push(keyOf(name, port))
      this.#unset(keyOf(name, port))
    }
    try {
      await this.#delete(keys)
    } catch (error) {
      this.#deleteLater(keys)
      throw error
    }
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

  onChanged(name: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Listeners(this.#clock)
    this.#listeners.set(name, listeners)
    const stop = listeners.add(listener)
    return () => {
      stop()
      if (listeners.count === 0) this.#listeners.delete(name)
    }
  }

  located(port: Port): Address | undefined {
    return this.#ports.get(port)
  }

  /** @throws CardumenError `address-unknown` where nobody serves the port. */
  async locate(port: Port): Promise<Address> {
    const entry = await this.#engine.get(portPrefix + port)
    const address = entry && fromUtf8(entry.value)
    if (address === undefined)
      throw new CardumenError('address-unknown', 'Nobody serves the object that this capability names.')
    if (this.#ports.size >= portsRememberedMax) this.#ports.clear()
    this.#ports.set(port, address as Address)
    return address as Address
  }

  forgetPort(port: Port): void {
    this.#ports.delete(port)
  }

  /**
   * A server that did not take a call. If it is gone for good the watch will say so too; if it was only out of reach,
   * its row still stands and it is found again.
   */
  forgetServer(name: string, entry: ServerEntry): void {
    this.#unset(keyOf(name, entry.port))
    this.#lookLater(name)
  }

  forgetMember(parted: Address): void {
    for (const [key, { entry }] of this.#byKey) if (entry.address === parted) this.#unset(key)
    for (const [port, address] of this.#ports) if (address === parted) this.#ports.delete(port)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelDeleting?.()
    for (const cancel of this.#lookups.values()) cancel()
    await this.#following?.close()
  }

  async #delete(keys: readonly string[]): Promise<void> {
    await this.#engine.transact({ then: keys.map((key) => ({ kind: 'delete', key })) })
  }

  /** Rows of ours that are not wanted any more, until the engine takes them away; those of a closed member go with its lease. */
  #deleteLater(keys: readonly string[]): void {
    for (const key of keys) this.#unwanted.add(key)
    if (this.#isClosed || this.#cancelDeleting !== undefined) return
    this.#cancelDeleting = this.#clock.after(deleteAgainMs, () => void this.#deleteUnwanted(), { background: true })
  }

  async #deleteUnwanted(): Promise<void> {
    const keys = [...this.#unwanted].slice(0, operationsPerTransactionMax)
    let isOver = false
    try {
      await this.#delete(keys)
      for (const key of keys) this.#unwanted.delete(key)
    } catch (error) {
      if (!isCardumenError(error)) throw error
      isOver = error.code === 'closed'
    }
    this.#cancelDeleting = undefined
    if (this.#unwanted.size > 0 && !isOver) this.#deleteLater([])
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
    if (this.#following !== undefined && revision < this.#following.revision()) return false
    for (const entry of entries) this.#put(entry.key, entry.value)
    return true
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
    const name = key.slice(namePrefix.length, key.lastIndexOf('/'))
    const [hex, address] = (fromUtf8(value) ?? '').split(' ')
    const bytes = fromHex(hex ?? '')
    const capability = bytes && Capability.fromBytes(bytes)
    if (capability === undefined || address === undefined || this.#byKey.has(key)) return
    this.#set(key, name, { capability, address: address as Address, port: Capability.partsOf(capability).port })
  }

  #set(key: string, name: string, entry: ServerEntry): void {
    if (this.#byKey.has(key)) return
    this.#byKey.set(key, { name, entry })
    this.#byName.set(name, [...this.servers(name), entry])
    this.#announce(name)
  }

  #unset(key: string): void {
    const known = this.#byKey.get(key)
    if (known === undefined) return
    this.#byKey.delete(key)
    const rest = this.servers(known.name).filter((entry) => entry !== known.entry)
    if (rest.length > 0) this.#byName.set(known.name, rest)
    else this.#byName.delete(known.name)
    this.#announce(known.name)
  }

  #announce(name: string): void {
    this.#listeners.get(name)?.tell()
  }
}

function keyOf(name: string, port: Port): string {
  return `${namePrefix}${name}/${port}`
}
