/**
 * Writes the rows under which a server of this member is found, and takes them away again.
 *
 * Both rows of a server are written in one transaction and stand under the member's lease. Only one live member at a
 * time serves a kept identity: its rows are put on the condition that the port has none, and taken away on the
 * condition that they are still those of this serving, since another member may have taken the identity over. Where the
 * engine fails, rows that may stand for nobody go as soon as it can be reached again.
 */
import type { Cancel, Clock } from '../../edges/clock.ts'
import type { Crypto } from '../../edges/crypto.ts'
import type { Condition, Engine, Entry, Lease, Operation } from '../../edges/engine.ts'
import { assert } from '../../lib/assert.ts'
import { equalBytes } from '../../lib/bytes.ts'
import { CardumenError, isCardumenError } from '../../lib/cardumen-error.ts'
import type { Address, Port, Revision } from '../../lib/identifiers.ts'
import type { Capability } from '../capabilities/capability.ts'
import type { Identity } from '../capabilities/identity.ts'
import { provenMemberKey, provePort } from './port-proof.ts'
import { decodePortRow, encodeNameRow, encodePortRow, nameKeyOf, portKeyOf } from './server-rows.ts'

/** After so long it is tried again to delete rows that the engine could not delete. */
const deleteAgainMs = 500
/** An identity whose holder has just died becomes free within moments: so often, so far apart, it is looked at again. */
const claimLooks = 5
const claimLookMs = 30

export interface Entering {
  readonly name: string | undefined
  readonly capability: Capability
  readonly identity: Pick<Identity, 'port' | 'signer' | 'keptAs'>
}

/** Rows of one serving. */
export interface ServerRows {
  readonly port: Port
  readonly keys: readonly string[]
  /** Of the port's row, which tells whether all of them are still ours. */
  readonly value: Uint8Array
  readonly proof: Uint8Array
  /** At which they were written. */
  readonly revision: Revision
}

type Unwanted = Pick<ServerRows, 'port' | 'keys' | 'value'>

export interface ServerEntriesOptions {
  readonly engine: Engine
  readonly clock: Clock
  readonly crypto: Crypto
  readonly self: Address
  readonly lease: Lease
  /** Of this member: what it proves with each link. */
  readonly publicKey: Uint8Array
}

export class ServerEntries {
  readonly #options: ServerEntriesOptions
  /** Rows that are to go and could not be deleted; as many as servings that ended while the engine was away. */
  readonly #unwanted = new Map<string, Unwanted>()
  #serials = 0
  #cancelDeleting: Cancel | undefined
  #isClosed = false

  constructor(options: ServerEntriesOptions) {
    this.#options = options
  }

  /** @throws CardumenError `port-taken` while a live member serves the kept identity; what the engine throws. */
  async enter({ name, capability, identity }: Entering): Promise<ServerRows> {
    const { engine, self, lease, publicKey } = this.#options
    const { port, signer, keptAs } = identity
    const proof = provePort(signer, { systemId: engine.systemId, port, address: self }, publicKey)
    const row = { address: self, proof, isKept: keptAs !== undefined, serial: ++this.#serials }
    const value = encodePortRow(row)
    const puts: Extract<Operation, { kind: 'put' }>[] = [{ kind: 'put', key: portKeyOf(port), value, lease: lease.id }]
    if (name !== undefined) {
      const named = encodeNameRow({ ...row, capability })
      puts.push({ kind: 'put', key: nameKeyOf(name, port), value: named, lease: lease.id })
    }
    const keys = puts.map(({ key }) => key)
    try {
      const revision = keptAs === undefined ? await this.#put(puts) : await this.#claim(port, keptAs, puts)
      return { port, keys, value, proof, revision }
    } catch (error) {
      // They may be there all the same, and would stand for nobody as long as this member lives.
      if (!isCardumenError(error) || error.executed !== 'no') this.#deleteLater({ port, keys, value })
      throw error
    }
  }

  /** Where the engine fails, the rows go as soon as it can be reached again. */
  async remove(rows: ServerRows): Promise<void> {
    try {
      await this.#delete(rows)
    } catch (error) {
      this.#deleteLater(rows)
      throw error
    }
  }

  /** What the name leads to from now on; nothing is written where the rows are no longer those of this serving. */
  async rewrite(rows: ServerRows, name: string, capability: Capability): Promise<void> {
    const { port, value } = rows
    const row = decodePortRow(value)
    assert(row !== undefined, 'a row that was written here can be read')
    const key = nameKeyOf(name, port)
    await this.#options.engine.transact({
      conditions: [{ kind: 'value', key: portKeyOf(port), equals: value }],
      then: [{ kind: 'put', key, value: encodeNameRow({ ...row, capability }), lease: this.#options.lease.id }],
    })
  }

  close(): void {
    this.#isClosed = true
    this.#cancelDeleting?.()
  }

  async #put(puts: readonly Operation[]): Promise<Revision> {
    return (await this.#options.engine.transact({ then: puts })).revision
  }

  async #claim(port: Port, keptAs: string, puts: readonly Operation[]): Promise<Revision> {
    const { engine, clock } = this.#options
    const key = portKeyOf(port)
    let condition: Condition = { kind: 'absent', key }
    let holder: Entry | undefined
    for (let look = 0; look < claimLooks; look++) {
      const result = await engine.transact({ conditions: [condition], then: puts, otherwise: [{ kind: 'get', key }] })
      if (result.succeeded) return result.revision
      holder = result.reads[0]
      condition = this.#conditionFor(port, holder)
      if (condition.kind === 'value') continue
      if (holder?.lease !== undefined) engine.suspect(holder.lease)
      await new Promise<void>((resolve) => clock.after(claimLookMs, resolve))
    }
    const at = holder && decodePortRow(holder.value)?.address
    throw new CardumenError('port-taken', `${at ?? 'Another member'} serves the identity "${keptAs}" already.`, {
      executed: 'no',
      hint: 'One live member at a time serves an identity; it falls free when that server closes or dies.',
    })
  }

  /** A row that proves nothing, or was left behind by an earlier serving of ours, is nobody's. */
  #conditionFor(port: Port, holder: Entry | undefined): Condition {
    const key = portKeyOf(port)
    if (holder === undefined) return { kind: 'absent', key }
    const { crypto, engine } = this.#options
    const row = decodePortRow(holder.value)
    const left = [...this.#unwanted.values()].some(({ value }) => equalBytes(value, holder.value))
    const { systemId } = engine
    const isGenuine = row && provenMemberKey(crypto, { systemId, port, address: row.address }, row.proof) !== undefined
    return left || isGenuine !== true ? { kind: 'value', key, equals: holder.value } : { kind: 'absent', key }
  }

  async #delete({ port, keys, value }: Unwanted): Promise<void> {
    await this.#options.engine.transact({
      conditions: [{ kind: 'value', key: portKeyOf(port), equals: value }],
      then: keys.map((key) => ({ kind: 'delete', key })),
    })
  }

  /** Those of a closed member go with its lease. */
  #deleteLater(rows: Unwanted): void {
    this.#unwanted.set(`${rows.port} ${String(decodePortRow(rows.value)?.serial)}`, rows)
    this.#deleteSoon()
  }

  #deleteSoon(): void {
    if (this.#isClosed || this.#cancelDeleting !== undefined) return
    this.#cancelDeleting = this.#options.clock.after(deleteAgainMs, () => void this.#deleteUnwanted(), {
      background: true,
    })
  }

  async #deleteUnwanted(): Promise<void> {
    let isOver = false
    try {
      for (const [key, rows] of [...this.#unwanted]) {
        await this.#delete(rows)
        this.#unwanted.delete(key)
      }
    } catch (error) {
      if (!isCardumenError(error)) throw error
      isOver = error.code === 'closed'
    }
    this.#cancelDeleting = undefined
    if (this.#unwanted.size > 0 && !isOver) this.#deleteSoon()
  }
}
