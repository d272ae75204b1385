/**
 * Aims at a connection from its first byte: the handshake in both roles, and the link that comes out of it.
 *
 * A peer is proven only by a signature that verifies, and once; whoever is not is told why and the connection ends; and
 * what is said to a stranger has a bound. The first byte of an input decides whether it is sent to a dialler or to an
 * acceptor, the next two where it is cut in two.
 */
import {
  decodeHello,
  decodeRefusal,
  encodeHello,
  encodeRefusal,
  proofMessage,
  protocolVersion,
  refusalOf,
  type Hello,
} from '../../src/kernel/links/handshake.ts'
import { emptyQueue } from '../../src/kernel/links/link-queue.ts'
import { Link } from '../../src/kernel/links/link.ts'
import { Opening, type OpeningContext } from '../../src/kernel/links/link-opening.ts'
import type { CardumenError } from '../../src/lib/cardumen-error.ts'
import type { Address } from '../../src/lib/identifiers.ts'
import { LamportClock } from '../../src/lib/lamport-clock.ts'
import { linkKind } from '../../src/wire/frame.ts'
import { FrameWriter } from '../../src/wire/frame-writer.ts'
import { plainCrypto, plainSigner } from './plain-crypto.ts'
import { StillClock, StillConnection } from './still-edges.ts'
import type { Target, Verdict } from './target.ts'

const [self, peer, other] = ['self#1' as Address, 'peer#2' as Address, 'other#3' as Address]
const systemId = 'fuzzed'
const ourSigner = plainSigner(100)
const peerSigner = plainSigner(101)
const timeMs = 10_000
/** Two frames of a handshake, and a refusal whose reason may hold an address of 80 letters, shown in JSON. */
const writtenBytesMax = 2_048
const [toAcceptor, toDialler] = [0, 1]
/** Role, and where the bytes are cut. */
const headBytes = 3
const turnsOfLookup = 4

export const handshakeTarget: Target = { name: 'handshake', seeds: seeds(), run }

interface Stage {
  readonly connection: StillConnection
  readonly clock: StillClock
  readonly proven: Address[]
  readonly failed: CardumenError[]
  verified: number
}

async function run(input: Uint8Array): Promise<Verdict> {
  const isDialler = (input[0] ?? 0) % 2 === toDialler
  const bytes = input.slice(headBytes)
  const stage = opened(isDialler)
  const firstBytes = (input[1] ?? 0) * 0x100 + (input[2] ?? 0)
  stage.connection.receive(bytes.subarray(0, firstBytes))
  // An acceptor looks up who it is before it hears more.
  if (!isDialler) for (let turn = 0; turn < turnsOfLookup; turn++) await Promise.resolve()
  if (firstBytes < bytes.length) stage.connection.receive(bytes.subarray(firstBytes))
  stage.clock.runSoon()
  stage.clock.advance(timeMs)
  const { verified, proven, failed, connection } = stage
  connection.close()
  if (proven.length > verified) return 'a peer is taken as proven without a signature'
  if (proven.length + failed.length !== 1)
    return `a handshake ends ${proven.length} times well and ${failed.length} times badly`
  if (proven.length === 0 && connection.writtenBytes > writtenBytesMax)
    return `a stranger's ${bytes.length} bytes are answered with ${connection.writtenBytes}`
  return textFlaw(bytes)
}

function opened(isDialler: boolean): Stage {
  const stage: Stage = {
    connection: new StillConnection(),
    clock: new StillClock(),
    proven: [],
    failed: [],
    verified: 0,
  }
  const context = contextOf(stage)
  new Opening(stage.connection, isDialler ? recordOf(peer) : undefined, context, {
    onProven: (address, connection) => {
      stage.proven.push(address)
      return new Link(address, connection, emptyQueue(address), context, {
        isSender: () => true,
        onMessage: () => {},
        onLeaving: () => {},
        onClosed: () => {},
      })
    },
    messagesPerTurn: () => 8,
    isThrottled: () => false,
    onFailed: (error) => void stage.failed.push(error),
    onEnded: () => {},
  })
  return stage
}

function contextOf(stage: Stage): OpeningContext {
  const crypto = plainCrypto()
  return {
    systemId,
    self,
    signer: ourSigner,
    clock: stage.clock,
    crypto: {
      ...crypto,
      verify: (...signed) => {
        const isRight = crypto.verify(...signed)
        if (isRight) stage.verified++
        return isRight
      },
    },
    lamport: new LamportClock(),
    identify: (address) => Promise.resolve(address === peer || address === other ? recordOf(address) : undefined),
  }
}

function recordOf(address: Address): { address: Address; endpoints: readonly string[]; publicKey: Uint8Array } {
  return { address, endpoints: [], publicKey: peerSigner.publicKey }
}

/** The readers of the single frames, for inputs that no frame holds. */
function textFlaw(bytes: Uint8Array): Verdict {
  const { code, reason } = decodeRefusal(bytes)
  if (code.length + reason.length > bytes.length) return 'a refusal says more than it has bytes'
  const hello = decodeHello(bytes)
  if (hello === undefined) return undefined
  const refusal = refusalOf(hello, { systemId, self, peer: undefined })
  return refusal === undefined || refusal.length < 1_000
    ? undefined
    : 'a reason for a refusal is over 1,000 letters long'
}

function seeds(): readonly Uint8Array[] {
  const nonce = plainCrypto().randomBytes(32)
  const ours: Hello = {
    version: protocolVersion,
    systemId,
    from: self,
    to: peer,
    publicKey: ourSigner.publicKey,
    nonce,
  }
  const theirs: Hello = {
    ...ours,
    from: peer,
    to: self,
    publicKey: peerSigner.publicKey,
    nonce: new Uint8Array(32).fill(7),
  }
  const hello = framed(linkKind.hello, encodeHello(theirs))
  const proofTo = (role: 'dialler' | 'acceptor'): Uint8Array =>
    framed(
      linkKind.proof,
      peerSigner.sign(
        role === 'dialler' ? proofMessage('acceptor', ours, theirs) : proofMessage('dialler', theirs, ours),
      ),
    )
  const refusal = framed(linkKind.refusal, encodeRefusal('handshake-refused', 'no such member'))
  const messages = [framed(16, new Uint8Array(20)), framed(linkKind.leave, new Uint8Array(0))]
  return [
    said(toAcceptor, hello, proofTo('acceptor')),
    said(toAcceptor, hello, proofTo('acceptor'), ...messages),
    said(toDialler, hello, proofTo('dialler')),
    said(toDialler, hello, proofTo('dialler'), ...messages),
    said(toDialler, refusal),
    said(toAcceptor, framed(linkKind.hello, encodeHello({ ...theirs, version: 9 }))),
    said(toAcceptor, encodeHello(theirs)),
    said(toAcceptor, encodeRefusal('frame-refused', 'a reason')),
  ]
}

function said(role: number, ...frames: readonly Uint8Array[]): Uint8Array {
  const firstBytes = frames[0]?.length ?? 0
  return Uint8Array.from([role, firstBytes >>> 8, firstBytes & 0xff, ...frames.flatMap((frame) => [...frame])])
}

function framed(kind: number, payload: Uint8Array): Uint8Array {
  const writer = new FrameWriter()
  writer.append(kind, 1, payload, payload.length, undefined)
  return new Uint8Array(Buffer.concat(writer.take()))
}
