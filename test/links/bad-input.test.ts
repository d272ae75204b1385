/** What strangers and broken peers send to a member: always refused with a reason, counted, and without harm to others. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { encodeHello, type Hello, protocolVersion } from '../../src/kernel/links/handshake.ts'
import type { Address } from '../../src/lib/identifiers.ts'
import { cellHeadBytes, linkKind, writeU32 } from '../../src/wire/frame.ts'
import { messageKind } from './link-member.ts'
import { frame, RawPeer } from './raw-peer.ts'
import { realSite } from './real-sockets.ts'

const noBytes = new Uint8Array(0)

function cell(id: number, sizeBytes: number, part: Uint8Array, kind = messageKind): Uint8Array {
  const payload = new Uint8Array(cellHeadBytes + part.length)
  writeU32(payload, 0, id)
  payload[4] = kind
  writeU32(payload, 6, sizeBytes)
  payload.set(part, cellHeadBytes)
  return frame(linkKind.cell, payload)
}

const strangers: readonly (readonly [string, Uint8Array, RegExp])[] = [
  [
    'garbage',
    Uint8Array.from({ length: 4_096 }, (_, index) => (index * 151 + 200) % 256),
    /^frame-refused: a frame with length/,
  ],
  [
    'an HTTP request',
    new TextEncoder().encode('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
    /^frame-refused: a frame with length/,
  ],
  ['a frame of length zero', Uint8Array.of(0, 0, 0, 0), /^frame-refused: a frame with length 0/],
  [
    'a frame of four gigabytes',
    Uint8Array.of(0xff, 0xff, 0xff, 0xff),
    /^frame-refused: a frame with length 4294967295/,
  ],
  ['a HELLO that is none', frame(linkKind.hello, new Uint8Array(40)), /^frame-refused: something else than a HELLO/],
  ['an oversized HELLO', frame(linkKind.hello, new Uint8Array(2_000)), /^frame-refused: a frame with length 2008/],
  [
    'a message before the handshake',
    frame(messageKind, Uint8Array.of(1)),
    /^frame-refused: a frame of the kind 16 in the handshake/,
  ],
  ['a cell before the handshake', cell(1, 5_000, new Uint8Array(500)), /^frame-refused: a cell in the handshake/],
]

for (const [what, bytes, reason] of strangers) {
  test(`${what} from a stranger is refused`, async (context) => {
    const site = await realSite(context, 'unix')
    const ana = await site.member('ana#1')
    const stranger = await RawPeer.connect(site, ana)
    stranger.send(bytes)
    assert.match(await stranger.refusal(), reason)
    assert.equal(ana.links.status().framesRefused, 1)
    assert.deepEqual(ana.events, [])
  })
}

const hellos: readonly (readonly [string, Partial<Hello>, RegExp])[] = [
  [
    'another protocol version',
    { version: protocolVersion + 1 },
    /^handshake-refused: protocol version 2 where 1 is spoken/,
  ],
  ['another system', { systemId: 'elsewhere' }, /^handshake-refused: a member of another system/],
  ['an earlier life of the member', { to: 'ana#0' as Address }, /^handshake-refused: looking for "ana#0"/],
  ['a member that is none', { from: 'nobody#7' as Address }, /^handshake-refused: nobody#7 is no member/],
  [
    "another member's name with its own key",
    { from: 'bruno#2' as Address },
    /^handshake-refused: bruno#2 has another key/,
  ],
]

for (const [what, changes, reason] of hellos) {
  test(`a handshake for ${what} is refused`, async (context) => {
    const site = await realSite(context, 'unix')
    const ana = await site.member('ana#1')
    await site.member('bruno#2')
    const stranger = await RawPeer.connect(site, ana)
    stranger.sendFrame(linkKind.hello, encodeHello(stranger.hello(ana, changes)))
    assert.match(await stranger.refusal(), reason)
    assert.equal(ana.links.status().handshakesRefused, 1)
    assert.deepEqual(ana.events, [])
  })
}

test("a stranger that shows another member's key cannot prove it", async (context) => {
  const site = await realSite(context, 'unix')
  const ana = await site.member('ana#1')
  const bruno = await site.member('bruno#2')
  const stranger = await RawPeer.connect(site, ana)
  stranger.sendFrame(
    linkKind.hello,
    encodeHello(stranger.hello(ana, { from: bruno.address, publicKey: bruno.signer.publicKey })),
  )
  await stranger.until(() => stranger.frames.length >= 2, 'HELLO and PROOF')
  stranger.sendFrame(linkKind.proof, stranger.signer.sign(Uint8Array.of(1)))
  assert.match(await stranger.refusal(), /^handshake-refused: bruno#2 could not prove its key/)
  assert.deepEqual(ana.events, [])
})

test('a dialler refuses a member that listens where another one should, and says so to its user', async (context) => {
  const site = await realSite(context, 'unix')
  const ana = await site.member('ana#1')
  const bruno = await site.member('bruno#2', { publicKey: new Uint8Array(32).fill(7) })
  ana.send(bruno, 'secret')
  await ana.sees('unreachable bruno#2 handshake-refused')
  assert.deepEqual(bruno.received, [])
})

test('a member of another system that dials gets the reason as its error', async (context) => {
  const site = await realSite(context, 'unix')
  const ana = await site.member('ana#1', { systemId: 'elsewhere' })
  const bruno = await site.member('bruno#2')
  ana.send(bruno, 'hello')
  await ana.sees('unreachable bruno#2 handshake-refused')
  assert.match(ana.unreachable[0]?.message ?? '', /another system/)
})

const peers: readonly (readonly [string, Uint8Array, RegExp])[] = [
  [
    'garbage',
    Uint8Array.from({ length: 70_000 }, (_, index) => (index * 151 + 200) % 256),
    /^frame-refused: a frame with length/,
  ],
  ['a frame of length zero', Uint8Array.of(0, 0, 0, 0), /^frame-refused: a frame with length 0/],
  ['an oversized frame', Uint8Array.of(0, 2, 0, 0, messageKind), /^frame-refused: a frame with length 131072/],
  ['a second HELLO', frame(linkKind.hello, noBytes), /^frame-refused: a frame of the kind 1 on an open link/],
  ['a kind of the link that is none', frame(15, noBytes), /^frame-refused: a frame of the kind 15/],
  [
    'a credit beyond the window',
    frame(linkKind.credit, Uint8Array.of(0, 0, 0, 1)),
    /^frame-refused: a credit beyond the window/,
  ],
  ['a message over the limit', cell(1, 0xffff_ffff, new Uint8Array(5_000)), /^frame-refused: a message over the limit/],
  [
    "a large message of the link's own kind",
    cell(1, 10, new Uint8Array(10), linkKind.hello),
    /^frame-refused: a message of the kind 1/,
  ],
  [
    'an extension that must be understood',
    frame(messageKind, Uint8Array.of(0, 3, 0x81, 0, 0), 1),
    /^frame-refused: an extension that must be understood/,
  ],
  ['an unknown flag', frame(messageKind, noBytes, 2), /^frame-refused: an extension that must be understood/],
]

for (const [what, bytes, reason] of peers) {
  test(`${what} from a member is refused, and its link is closed`, async (context) => {
    const site = await realSite(context, 'unix')
    const ana = await site.member('ana#1')
    const peer = await RawPeer.open(site, ana)
    peer.send(bytes)
    assert.match(await peer.refusal(), reason)
    await ana.sees('down raw#9')
    assert.equal(ana.links.status().peers[0]?.framesRefused, 1)
    assert.equal(ana.links.status().framesRefused, 1)
    assert.deepEqual(ana.received, [])
  })
}

test('an extension that is unknown and not critical is skipped', async (context) => {
  const site = await realSite(context, 'unix')
  const ana = await site.member('ana#1')
  const peer = await RawPeer.open(site, ana)
  peer.sendFrame(messageKind, Uint8Array.of(0, 4, 0x01, 0, 1, 0xee, 0x68, 0x6f, 0x79), 1)
  await ana.gets(1)
  assert.deepEqual(ana.texts, ['hoy'])
})

test('a frame that is cut off by the end of the connection is not delivered', async (context) => {
  const site = await realSite(context, 'unix')
  const ana = await site.member('ana#1')
  const peer = await RawPeer.open(site, ana)
  peer.send(
    Buffer.concat([frame(messageKind, Uint8Array.of(0x61)), frame(messageKind, new Uint8Array(500)).subarray(0, 300)]),
  )
  await ana.gets(1)
  peer.close()
  await ana.sees('down raw#9')
  assert.deepEqual(ana.texts, ['a'])
  assert.equal(ana.links.status().framesRefused, 0)
})

test('strangers that say nothing, or garbage, do not keep others from linking', async (context) => {
  const site = await realSite(context, 'unix')
  const ana = await site.member('ana#1')
  const bruno = await site.member('bruno#2')
  const strangers = await Promise.all(
    Array.from({ length: 40 }, (_, index) => RawPeer.connect(site, ana, `raw#${index}`)),
  )
  for (const stranger of strangers.slice(20)) stranger.send(randomBytes(2_000))
  bruno.send(ana, 'still here')
  await ana.gets(1)
  await Promise.all(strangers.slice(20).map((stranger) => stranger.refusal()))
  assert.deepEqual(ana.texts, ['still here'])
  for (const stranger of strangers) stranger.close()
})
