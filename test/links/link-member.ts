/**
 * One end of links under test: a member with its key, what it received, and the events that it saw.
 *
 * Members of one `Site` know each other's records, as members of a system do from the engine.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { EventEmitter } from 'node:events'
import type { Clock } from '../../src/edges/clock.ts'
import type { Signer } from '../../src/edges/crypto.ts'
import type { Network } from '../../src/edges/network.ts'
import { hostClock } from '../../src/host/clock.ts'
import { hostCrypto } from '../../src/host/crypto.ts'
import { Links, type LinkStatus, type PeerRecord, type Priority } from '../../src/kernel/links/links.ts'
import type { CardumenError } from '../../src/lib/cardumen-error.ts'
import type { Address } from '../../src/lib/identifiers.ts'
import { LamportClock } from '../../src/lib/lamport-clock.ts'
import { seededRandom } from '../../src/lib/random.ts'
import { fromUtf8, toUtf8 } from '../../src/lib/text.ts'

const deadlineMs = 10_000
export const messageKind = 16
const noBytes = new Uint8Array(0)

export class Site {
  readonly records = new Map<Address, PeerRecord>()
  readonly members: LinkMember[] = []
  readonly network: Network
  readonly clock: Clock

  constructor(network: Network, clock: Clock = hostClock) {
    this.network = network
    this.clock = clock
  }

  /** A member that listens, known to all. */
  async member(name: string, options: Partial<MemberOptions> = {}): Promise<LinkMember> {
    const member = new LinkMember(this, name as Address, options)
    this.members.push(member)
    const endpoints = await member.links.listen(name)
    this.records.set(member.address, {
      address: member.address,
      endpoints,
      publicKey: options.publicKey ?? member.signer.publicKey,
    })
    return member
  }

  async close(): Promise<void> {
    await Promise.all(this.members.map((member) => member.links.close()))
  }
}

export interface MemberOptions {
  readonly systemId: string
  readonly idleMs: number
  readonly isThrottled: (peer: Address) => boolean
  /** Published in place of its own. */
  readonly publicKey: Uint8Array
}

export interface Received {
  readonly from: Address
  readonly kind: number
  readonly lamport: number
  readonly body: Uint8Array
}

export class LinkMember {
  readonly address: Address
  readonly signer: Signer = hostCrypto.newSigner()
  readonly lamport = new LamportClock()
  readonly links: Links
  readonly received: Received[] = []
  readonly events: string[] = []
  readonly unreachable: CardumenError[] = []
  readonly #changes = new EventEmitter()

  constructor(site: Site, address: Address, options: Partial<MemberOptions>) {
    this.address = address
    const note = (event: string): void => {
      this.events.push(event)
      this.#changes.emit('change')
    }
    this.links = new Links({
      systemId: options.systemId ?? 'system-under-test',
      self: address,
      signer: this.signer,
      network: site.network,
      clock: site.clock,
      crypto: hostCrypto,
      random: seededRandom(1),
      lamport: this.lamport,
      ...(options.idleMs === undefined ? {} : { idleMs: options.idleMs }),
      identify: (peer) => Promise.resolve(site.records.get(peer)),
      events: {
        onMessage: (from, kind, lamport, bytes, start, end) => {
          this.received.push({ from, kind, lamport, body: bytes.subarray(start, end) })
          this.#changes.emit('change')
        },
        ...(options.isThrottled && { isThrottled: options.isThrottled }),
        onUp: (peer) => note(`up ${peer}`),
        onDown: (peer) => note(`down ${peer}`),
        onUnreachable: (peer, error, everUp) => {
          this.unreachable.push(error)
          note(`unreachable ${peer} ${error.code}${everUp ? ' after it was up' : ''}`)
        },
      },
    })
  }

  send(to: LinkMember | Address, body: string | Uint8Array, priority: Priority = 1): boolean {
    const address = typeof to === 'string' ? to : to.address
    return this.links.send(address, messageKind, priority, noBytes, 0, typeof body === 'string' ? toUtf8(body) : body)
  }

  get texts(): readonly string[] {
    return this.received.map(({ body }) => (body.length < 1_000 ? (fromUtf8(body) ?? '?') : `${body.length} bytes`))
  }

  linkTo(peer: LinkMember): LinkStatus {
    return (
      this.links.status().peers.find((link) => link.peer === peer.address) ?? assert.fail(`no link to ${peer.address}`)
    )
  }

  /** Waits, with a deadline, until it has received so many messages or more. */
  gets(count: number): Promise<void> {
    return this.until(() => this.received.length >= count, `${count} messages at ${this.address}`)
  }

  sees(event: string): Promise<void> {
    return this.until(() => this.events.includes(event), event)
  }

  async until(condition: () => boolean, what: string): Promise<void> {
    const signal = AbortSignal.timeout(deadlineMs)
    while (!condition()) {
      await once(this.#changes, 'change', { signal }).catch(() =>
        assert.fail(`not within ${deadlineMs} ms: ${what}; ${this.events.join(', ')}`),
      )
    }
  }
}
