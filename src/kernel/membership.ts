/**
 * Who is a member: rows of the engine under each member's lease, followed in memory by everyone.
 *
 * A member is in while its row stands; the row goes with its lease, at once when its process dies. A link that breaks
 * is no proof of death, only a reason to look. `unresponsive` is what a member is called that answers no enquiry: it
 * may only be stopped, so nothing is decided by it.
 */
import type { Change, Engine, Entry, Lease } from '../edges/engine.ts'
import type { Clock } from '../edges/clock.ts'
import type { Endpoint } from '../edges/network.ts'
import { CardumenError } from '../lib/cardumen-error.ts'
import { equalBytes, fromHex, toHex } from '../lib/bytes.ts'
import {
  address,
  type Address,
  type Incarnation,
  incarnation,
  isMemberId,
  type MemberId,
  memberOf,
} from '../lib/identifiers.ts'
import { fromUtf8, toUtf8 } from '../lib/text.ts'
import { type Following, follow } from './follow.ts'

const prefix = 'member/'
/** One row for all: only the revision of its last writing counts. */
const incarnationKey = 'incarnation'
/** A name whose holder has just died becomes free within moments: so often, so far apart, it is looked at again. */
const claimLooks = 5
const claimLookMs = 30
/** Members that proved who they are before the watch told of them. */
const identifiedMax = 1_024

export type Tags = Readonly<Record<string, string | number>>

export interface MemberEntry {
  readonly id: MemberId
  readonly address: Address
  readonly pid: number
  /** Name of the machine. */
  readonly host: string
  /** Of the operating system, whose process it is. */
  readonly user: string
  /** Milliseconds since 1970. */
  readonly joinedMs: number
  readonly state: 'live' | 'unresponsive'
  readonly tags: Tags
  /** Ed25519, of this life: by it the member proves who it is, and a capability is bound to it. */
  readonly publicKey: Uint8Array
}

interface Row {
  readonly incarnation: number
  readonly pid: number
  readonly host: string
  /** A row of an earlier version says nothing of it. */
  readonly user?: string
  readonly joinedMs: number
  readonly endpoints: readonly Endpoint[]
  readonly publicKey: string
  readonly tags: Tags
}

/** What a link needs to know of a peer. */
export interface PeerRecord {
  readonly address: Address
  readonly endpoints: readonly Endpoint[]
  readonly publicKey: Uint8Array
}

interface Known extends PeerRecord {
  entry: MemberEntry
  readonly leaseId: string | undefined
}

export interface MembershipEvents {
  onJoined(entry: MemberEntry): void
  onParted(entry: MemberEntry): void
}

export interface Claim {
  readonly id: MemberId
  readonly incarnation: Incarnation
  readonly pid: number
  readonly host: string
  readonly user: string
  readonly endpoints: readonly Endpoint[]
  readonly publicKey: Uint8Array
  readonly tags: Tags
}

/** A new life of a member: the engine's revision makes it greater than every earlier one. */
export async function drawIncarnation(engine: Engine): Promise<Incarnation> {
  return incarnation(await engine.put(incarnationKey, new Uint8Array(0)))
}

export class Membership {
  readonly #engine: Engine
  readonly #clock: Clock
  readonly #events: MembershipEvents
  readonly #known = new Map<Address, Known>()
  /** Keys of members that were identified before the watch told of them. */
  readonly #identified = new Map<Address, Uint8Array>()
  readonly #silent = new Set<Address>()
  #following: Following | undefined

  constructor(options: { readonly engine: Engine; readonly clock: Clock; readonly events: MembershipEvents }) {
    this.#engine = options.engine
    this.#clock = options.clock
    this.#events = options.events
  }

  async start(): Promise<void> {
    this.#following = await follow(this.#engine, this.#clock, prefix, {
      onListing: (entries) => this.#onListing(entries),
      onChange: (change) => this.#onChange(change),
    })
  }

  /** @throws CardumenError `name-taken` while a live member has the name. */
  async enter(claim: Claim, lease: Lease): Promise<Address> {
    const { id, publicKey, ...rest } = claim
    const row: Row = { ...rest, publicKey: toHex(publicKey), joinedMs: this.#clock.wallMs() }
    const put = { kind: 'put' as const, key: prefix + id, value: toUtf8(JSON.stringify(row)), lease: lease.id }
    for (let look = 0; look < claimLooks; look++) {
      const { succeeded, reads } = await this.#engine.transact({
        conditions: [{ kind: 'absent', key: put.key }],
        then: [put],
        otherwise: [{ kind: 'get', key: put.key }],
      })
      if (succeeded) return address(id, claim.incarnation)
      const holder = reads[0]?.lease
      if (holder !== undefined) this.#engine.suspect(holder)
      await new Promise<void>((resolve) => this.#clock.after(claimLookMs, resolve))
    }
    throw new CardumenError('name-taken', `A live member is named "${id}".`, {
      hint: 'Choose another name, or leave it out.',
    })
  }

  members(): readonly MemberEntry[] {
    return [...this.#known.values()].map((known) => known.entry)
  }

  isLive(of: Address): boolean {
    return this.#known.has(of)
  }

  leaseOf(of: Address): string | undefined {
    return this.#known.get(of)?.leaseId
  }

  /** From memory; for a member that joined a moment ago, from the engine. */
  async identify(of: Address): Promise<PeerRecord | undefined> {
    const known = this.#known.get(of)
    if (known !== undefined) return known
    const entry = await this.#engine.get(prefix + memberOf(of))
    const read = entry && readRow(entry.key, entry.value, entry.lease)
    if (read?.address !== of || !this.#isItsKey(read)) return undefined
    if (this.#identified.size >= identifiedMax) this.#identified.clear()
    this.#identified.set(of, read.publicKey)
    return read
  }

  /** From memory: the key by which the member proves who it is. Every member with a link to this one has one. */
  publicKeyOf(of: Address): Uint8Array | undefined {
    return this.#known.get(of)?.publicKey ?? this.#identified.get(of)
  }

  /** The operating-system user of a live member. */
  userOf(of: Address): string | undefined {
    return this.#known.get(of)?.entry.user
  }

  get engineTroubles(): number {
    return this.#following?.troubles() ?? 0
  }

  isSilent(of: Address): boolean {
    return this.#silent.has(of)
  }

  setSilent(of: Address, silent: boolean): void {
    if (silent) this.#silent.add(of)
    else this.#silent.delete(of)
    const known = this.#known.get(of)
    if (known !== undefined) known.entry = { ...known.entry, state: silent ? 'unresponsive' : 'live' }
  }

  async close(): Promise<void> {
    await this.#following?.close()
  }

  #onListing(entries: readonly Entry[]): void {
    const listed = new Set<Address>()
    for (const entry of entries) {
      const read = readRow(entry.key, entry.value, entry.lease)
      if (read === undefined) continue
      listed.add(read.address)
      this.#learn(read)
    }
    for (const known of [...this.#known.keys()]) if (!listed.has(known)) this.#part(known)
  }

  #onChange(change: Change): void {
    const id = change.key.slice(prefix.length) as MemberId
    const before = [...this.#known.values()].find((known) => known.entry.id === id)
    const read = change.kind === 'put' ? readRow(change.key, change.value, change.lease) : undefined
    if (before !== undefined && before.address !== read?.address) this.#part(before.address)
    if (read !== undefined) this.#learn(read)
  }

  /** A member has one key for life: a row with another one was not written by it. */
  #isItsKey({ address: of, publicKey }: Known): boolean {
    const known = this.publicKeyOf(of)
    return known === undefined || equalBytes(known, publicKey)
  }

  #learn(read: Known): void {
    if (!this.#isItsKey(read)) return
    const isNew = !this.#known.has(read.address)
    if (this.#silent.has(read.address)) read.entry = { ...read.entry, state: 'unresponsive' }
    this.#known.set(read.address, read)
    this.#identified.delete(read.address)
    if (isNew) this.#events.onJoined(read.entry)
  }

  #part(of: Address): void {
    const known = this.#known.get(of)
    if (known === undefined) return
    this.#known.delete(of)
    this.#silent.delete(of)
    this.#events.onParted(known.entry)
  }
}

function readRow(key: string, value: Uint8Array, leaseId: string | undefined): Known | undefined {
  const id = key.slice(prefix.length)
  const row = parsed(value)
  if (!isMemberId(id) || row === undefined) return undefined
  const publicKey = fromHex(row.publicKey)
  if (publicKey === undefined) return undefined
  const at = address(id, incarnation(row.incarnation))
  const { pid, host, joinedMs, tags, endpoints } = row
  const user = row.user ?? 'unknown'
  return {
    address: at,
    endpoints,
    publicKey,
    leaseId,
    entry: { id, address: at, pid, host, user, joinedMs, state: 'live', tags: tags ?? {}, publicKey },
  }
}

/** Rows are written by members only; one of a newer version may lack what this one expects, and is passed over. */
function parsed(value: Uint8Array): Row | undefined {
  try {
    const row = JSON.parse(fromUtf8(value) ?? '') as Partial<Row> | null
    const isRow = row !== null && typeof row.incarnation === 'number' && Array.isArray(row.endpoints)
    return isRow && typeof row.publicKey === 'string' ? (row as Row) : undefined
  } catch {
    return undefined
  }
}
