/**
 * Aims at the search for a port: questions and answers of the locate machine, as a peer sends them.
 *
 * A port is found only where its server proved that it holds the get-port; a question is answered at most once; and only
 * for what is served here. The member serves one port and looks for another, which the peer serves.
 */
import { drawnIdentity } from '../../src/kernel/capabilities/identity.ts'
import { LocateDriver, type LocatedPort } from '../../src/kernel/ports/locate-driver.ts'
import { decodeLocate, encodeLocate, type LocateFrame } from '../../src/kernel/ports/locate-frames.ts'
import { isPortProof, type PortPlace, provePort } from '../../src/kernel/ports/port-proof.ts'
import type { Address } from '../../src/lib/identifiers.ts'
import { LamportClock } from '../../src/lib/lamport-clock.ts'
import { seededRandom } from '../../src/lib/random.ts'
import { FrameReader } from '../../src/wire/frame-reader.ts'
import { FrameWriter } from '../../src/wire/frame-writer.ts'
import { peer, self } from './member-under-fuzz.ts'
import { plainCrypto } from './plain-crypto.ts'
import { StillClock } from './still-edges.ts'
import type { Target, Verdict } from './target.ts'

const systemId = 'fuzzed'
const other = 'other#3' as Address
const crypto = plainCrypto()
const ours = drawnIdentity(crypto)
const theirs = drawnIdentity(crypto)
/** Of every member here. */
const memberKey = new Uint8Array(32).fill(5)
const timeMs = 60_000

interface Stage {
  readonly clock: StillClock
  readonly driver: LocateDriver
  readonly sent: { readonly to: Address; readonly frame: LocateFrame }[]
  found: LocatedPort | undefined
}

export const locateTarget: Target = { name: 'locate', seeds: seeds(), run }

async function run(input: Uint8Array): Promise<Verdict> {
  const stage = searching()
  const before = stage.sent.length
  let [received, proofs] = [0, 0]
  const reader = new FrameReader({
    onFrame(kind, _flags, lamport, bytes, start, end) {
      received++
      const notes = decodeLocate(kind, bytes, start, end)?.notes
      if (notes !== undefined && isPortProof(crypto, placeOf(peer), memberKey, notes.proof)) proofs++
      stage.driver.onMessage(peer, kind, bytes, start, end, lamport)
      return undefined
    },
    onCell: () => 'a cell',
    onCellPart: () => 'a cell',
  })
  reader.push(input.slice())
  const answers = stage.sent.length - before
  stage.clock.advance(timeMs)
  stage.driver.close()
  // What was asked is told in the next turn.
  await Promise.resolve()
  if (stage.found !== undefined && (proofs === 0 || stage.found.address !== peer))
    return 'a port is found without a proof'
  if (answers > received) return `${received} frames are answered with ${answers}`
  const odd = stage.sent.find(({ to }) => to !== peer && to !== other)
  return odd === undefined ? undefined : `something is sent to ${odd.to}, which is no member`
}

function searching(): Stage {
  const sent: Stage['sent'] = []
  const clock = new StillClock()
  const driver = new LocateDriver({
    ...{ self, systemId, clock, crypto },
    random: seededRandom(1),
    lamport: new LamportClock(),
    send: (to, kind, _priority, header, headerBytes) => {
      sent.push({ to, frame: { kind, payload: header.slice(0, headerBytes) } })
      return true
    },
    publicKeyOf: () => memberKey,
    onNotHere: () => {},
    onUnproven: () => {},
    onBroken: () => {},
  })
  const stage: Stage = { clock, driver, sent, found: undefined }
  for (const address of [peer, other]) driver.joined(address)
  driver.serve(ours.port, {
    isKept: true,
    proof: provePort(ours.signer, { systemId, port: ours.port, address: self }, memberKey),
    isOurs: () => true,
  })
  void driver.locate(theirs.port).then((found) => (stage.found = found))
  return stage
}

function seeds(): readonly Uint8Array[] {
  const { sent } = searching()
  const asked = sent.map(({ frame: { kind, payload } }) => decodeLocate(kind, payload, 0, payload.length)?.message)
  const search = asked.find((message) => message?.kind === 'LOCATE')
  const number = search?.kind === 'LOCATE' ? search.search : 1
  const proof = provePort(theirs.signer, placeOf(peer), memberKey)
  const hereIs = encodeLocate({ kind: 'HEREIS', port: theirs.port, search: number }, { isKept: true, proof })
  const elsewhere = encodeLocate(
    { kind: 'HEREIS', port: theirs.port, search: number },
    { isKept: false, proof: provePort(theirs.signer, placeOf(other), memberKey) },
  )
  const question = encodeLocate({ kind: 'LOCATE', port: ours.port, search: 7 })
  const notHere = encodeLocate({ kind: 'NOTHERE', port: theirs.port })
  return [[hereIs], [elsewhere], [question], [notHere], [hereIs, notHere], [question, question, hereIs]].map(framed)
}

function placeOf(address: Address): PortPlace {
  return { systemId, port: theirs.port, address }
}

function framed(frames: readonly LocateFrame[]): Uint8Array {
  const writer = new FrameWriter()
  for (const { kind, payload } of frames) writer.append(kind, 1, payload, payload.length, undefined)
  return new Uint8Array(Buffer.concat(writer.take()))
}
