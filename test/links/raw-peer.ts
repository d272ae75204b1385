/**
 * A peer that speaks the protocol by hand, so that it can also break it: a bare socket, and frames made byte by byte.
 *
 * It uses the codec of the handshake, since what is tested is what the other side does with odd bytes, not how they are
 * made. It waits for what it asks for with a deadline, and never for a time.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Endpoint } from '../../src/edges/network.ts'
import {
  decodeHello,
  decodeRefusal,
  encodeHello,
  type Hello,
  proofMessage,
  protocolVersion,
} from '../../src/kernel/links/handshake.ts'
import type { Address } from '../../src/lib/identifiers.ts'
import { linkKind } from '../../src/wire/frame.ts'
import { FrameReader } from '../../src/wire/frame-reader.ts'
import { hostCrypto } from '../../src/host/crypto.ts'
import type { LinkMember, Site } from './link-member.ts'

const deadlineMs = 10_000

export interface Frame {
  readonly kind: number
  readonly payload: Uint8Array
}

export class RawPeer {
  readonly address: Address
  readonly signer = hostCrypto.newSigner()
  readonly frames: Frame[] = []
  readonly #socket: Socket
  isClosed = false

  private constructor(socket: Socket, address: Address) {
    this.#socket = socket
    this.address = address
    const reader = new FrameReader({
      onFrame: (kind, _flags, _lamport, bytes, start, end) => {
        this.frames.push({ kind, payload: bytes.slice(start, end) })
        return undefined
      },
      onCell: () => undefined,
      onCellPart: () => undefined,
    })
    socket.on('data', (chunk: Buffer) => reader.push(new Uint8Array(chunk)))
    socket.on('error', () => {})
    socket.on('close', () => {
      this.isClosed = true
    })
  }

  /** A socket to the member, over which nothing was said yet. */
  static async connect(site: Site, to: LinkMember, name = 'raw#9'): Promise<RawPeer> {
    const endpoint: Endpoint = site.records.get(to.address)?.endpoints[0] ?? ''
    const socket = endpoint.startsWith('unix:')
      ? connect(endpoint.slice(5))
      : connect(Number(endpoint.split(':').at(-1)), '127.0.0.1')
    await once(socket, 'connect')
    return new RawPeer(socket, name as Address)
  }

  /** A peer that the site knows, and that has gone through the handshake. */
  static async open(site: Site, to: LinkMember, name = 'raw#9'): Promise<RawPeer> {
    const peer = await RawPeer.connect(site, to, name)
    site.records.set(peer.address, { address: peer.address, endpoints: [], publicKey: peer.signer.publicKey })
    await peer.shakeHands(to)
    await to.sees(`up ${peer.address}`)
    return peer
  }

  /** As a dialler whose record the site has. */
  async shakeHands(to: LinkMember): Promise<void> {
    const hello = this.hello(to)
    this.sendFrame(linkKind.hello, encodeHello(hello))
    await this.until(() => this.frames.length >= 2, 'HELLO and PROOF')
    const theirs = decodeHello(this.frames[0]?.payload ?? new Uint8Array(0))
    if (theirs === undefined) throw new Error('no HELLO came')
    this.sendFrame(linkKind.proof, this.signer.sign(proofMessage('dialler', hello, theirs)))
  }

  hello(to: LinkMember, changes: Partial<Hello> = {}): Hello {
    const nonce = hostCrypto.randomBytes(32)
    const { publicKey } = this.signer
    return {
      version: protocolVersion,
      systemId: 'system-under-test',
      from: this.address,
      to: to.address,
      publicKey,
      nonce,
      ...changes,
    }
  }

  send(bytes: Uint8Array): void {
    this.#socket.write(bytes)
  }

  sendFrame(kind: number, payload: Uint8Array, flags = 0): void {
    this.send(frame(kind, payload, flags))
  }

  /** Why the member refused this peer; waits for it and for the end of the connection. */
  async refusal(): Promise<string> {
    await this.until(() => this.isClosed, 'the end of the connection')
    const refusal = this.frames.find(({ kind }) => kind === linkKind.refusal)
    if (refusal === undefined) return 'closed without a word'
    const { code, reason } = decodeRefusal(refusal.payload)
    return `${code}: ${reason}`
  }

  async until(condition: () => boolean, what: string): Promise<void> {
    const end = performance.now() + deadlineMs
    while (!condition()) {
      if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`)
      await delay(2)
    }
  }

  stopReading(): void {
    this.#socket.pause()
  }

  goOnReading(): void {
    this.#socket.resume()
  }

  /** Closes once everything was sent. */
  end(): void {
    this.#socket.end()
  }

  close(): void {
    this.#socket.destroy()
  }
}

export function frame(kind: number, payload: Uint8Array, flags = 0): Uint8Array {
  const length = 8 + payload.length
  return Uint8Array.of(length >>> 24, length >>> 16, length >>> 8, length, kind, flags, 0, 0, 0, 0, 0, 1, ...payload)
}
