/**
 * A member that poses as the server of a port: it knows the put-port, can write the engine, and answers whoever asks.
 *
 * It has joined as any member has, so links to it are made; what it lacks is the get-port. It keeps every message that
 * comes to it, so that a test can say what was, and was not, sent to an impostor.
 */
import { hostname } from 'node:os'
import { join as joinPath } from 'node:path'
import type { Engine, Lease } from '../../src/edges/engine.ts'
import { openSqliteEngine } from '../../src/engines/sqlite/sqlite-engine.ts'
import { hostClock } from '../../src/host/clock.ts'
import { hostCrypto } from '../../src/host/crypto.ts'
import { openSocketFolder } from '../../src/host/socket-folder.ts'
import { UnixTcpNetwork } from '../../src/host/unix-tcp-network.ts'
import { Capability } from '../../src/kernel/capabilities/capability.ts'
import { Links } from '../../src/kernel/links/links.ts'
import { decodeLocate, encodeLocate } from '../../src/kernel/ports/locate-frames.ts'
import { drawIncarnation, Membership } from '../../src/kernel/membership.ts'
import {
  decodePortRow,
  encodeNameRow,
  encodePortRow,
  nameKeyOf,
  portKeyOf,
} from '../../src/kernel/ports/server-rows.ts'
import { address, type Address, incarnationOf, memberId, memberOf, type Port } from '../../src/lib/identifiers.ts'
import { LamportClock } from '../../src/lib/lamport-clock.ts'
import { seededRandom } from '../../src/lib/random.ts'

export interface Heard {
  readonly kind: number
  readonly bytes: Uint8Array
}

const unheard = { onJoined: () => undefined, onParted: () => undefined }

export class Impostor implements AsyncDisposable {
  readonly address: Address
  readonly heard: Heard[] = []
  readonly #engine: Engine
  readonly #lease: Lease
  readonly #links: Links
  readonly #signer = hostCrypto.newSigner()
  #proof: Uint8Array | undefined

  private constructor(engine: Engine, lease: Lease, self: Address, network: UnixTcpNetwork, membership: Membership) {
    this.#engine = engine
    this.#lease = lease
    this.address = self
    this.#links = new Links({
      ...{ systemId: engine.systemId, self, signer: this.#signer, network },
      ...{ clock: hostClock, crypto: hostCrypto, random: seededRandom(1), lamport: new LamportClock() },
      identify: (peer) => membership.identify(peer),
      events: {
        onMessage: (from, kind, _lamport, bytes, start, end) => this.#onMessage(from, kind, bytes.slice(start, end)),
        onUp: () => undefined,
        onDown: () => undefined,
        onUnreachable: () => undefined,
        onRefused: () => undefined,
      },
    })
  }

  static async join(home: string): Promise<Impostor> {
    const folder = joinPath(home, 'main')
    const engine = await openSqliteEngine({ folder })
    const lease = await engine.grantLease({ ttlMs: 10_000 })
    const self = address(memberId('impostor'), await drawIncarnation(engine))
    const membership = new Membership({ engine, clock: hostClock, events: unheard })
    const network = new UnixTcpNetwork({ kind: 'unix', folder: await openSocketFolder(folder) })
    const impostor = new Impostor(engine, lease, self, network, membership)
    await impostor.#enter(membership)
    return impostor
  }

  /** Rewrites the row of a live member: whoever has not met that one yet is led here, and proves this one's key. */
  static async inPlaceOf(home: string, victim: Address): Promise<Impostor> {
    const folder = joinPath(home, 'main')
    const engine = await openSqliteEngine({ folder })
    const membership = new Membership({ engine, clock: hostClock, events: unheard })
    const network = new UnixTcpNetwork({ kind: 'unix', folder: await openSocketFolder(folder) })
    const lease = await engine.grantLease({ ttlMs: 10_000 })
    const impostor = new Impostor(engine, lease, victim, network, membership)
    const endpoints = await impostor.#links.listen('in-place')
    const key = `member/${memberOf(victim)}`
    const row = JSON.parse(Buffer.from((await engine.get(key))?.value ?? []).toString()) as object
    const changed = { ...row, endpoints, publicKey: Buffer.from(impostor.#signer.publicKey).toString('hex') }
    await engine.put(key, Buffer.from(JSON.stringify(changed)), { lease: lease.id })
    return impostor
  }

  /** Answers every LOCATE with this proof from now on, and has it in the engine's row of the port. */
  async poseAs(port: Port, proof: Uint8Array): Promise<void> {
    this.#proof = proof
    await this.#engine.put(portKeyOf(port), encodePortRow(this.#row(proof)), { lease: this.#lease.id })
  }

  /** Enters the capability's port under a name, at its own address. */
  async enterName(name: string, capability: Capability, proof: Uint8Array): Promise<void> {
    const key = nameKeyOf(name, Capability.portOf(capability))
    await this.#engine.put(key, encodeNameRow({ ...this.#row(proof), capability }), { lease: this.#lease.id })
  }

  /** What the engine says of the port: any member may read it. */
  async rowOf(port: Port): Promise<Uint8Array | undefined> {
    return (await this.#engine.get(portKeyOf(port)))?.value
  }

  /** It is linked to, and knows what is asked of it. */
  async answers(port: Port): Promise<void> {
    this.#proof = decodePortRow((await this.rowOf(port)) ?? new Uint8Array(0))?.proof
  }

  async removeRow(port: Port): Promise<void> {
    await this.#engine.delete(portKeyOf(port))
  }

  hasHeard(part: Uint8Array): boolean {
    return this.heard.some(({ bytes }) => Buffer.from(bytes).includes(Buffer.from(part)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#links.close()
    await this.#engine.close()
  }

  async #enter(membership: Membership): Promise<void> {
    const endpoints = await this.#links.listen(`impostor.${incarnationOf(this.address)}`)
    const claim = { id: memberId('impostor'), incarnation: incarnationOf(this.address), pid: process.pid }
    const { publicKey } = this.#signer
    await membership.enter({ ...claim, host: hostname(), user: 'tester', endpoints, publicKey, tags: {} }, this.#lease)
  }

  #row(proof: Uint8Array): { address: Address; proof: Uint8Array; isKept: boolean; serial: number } {
    return { address: this.address, proof, isKept: true, serial: 1 }
  }

  #onMessage(from: Address, kind: number, bytes: Uint8Array): void {
    this.heard.push({ kind, bytes })
    const decoded = decodeLocate(kind, bytes, 0, bytes.length)
    if (decoded?.message.kind !== 'LOCATE' || this.#proof === undefined) return
    const { port, search } = decoded.message
    const answer = encodeLocate({ kind: 'HEREIS', port, search }, { proof: this.#proof, isKept: true })
    this.#links.send(from, answer.kind, 0, answer.payload, answer.payload.length, undefined)
  }
}
