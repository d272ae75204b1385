/** What strangers and peers that open too much lose, and that others notice nothing of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { linksPerPeerMax, openingsMax } from '../../src/kernel/links/links.ts'
import { messageKind } from './link-member.ts'
import { frame, RawPeer } from './raw-peer.ts'
import { realSite } from './real-sockets.ts'

const strangersMax = openingsMax + 44

test('a member links although strangers hold as many handshakes as may be under way, and the oldest of theirs goes', async (context) => {
  const site = await realSite(context, 'unix')
  const ana = await site.member('ana#1')
  const bruno = await site.member('bruno#2')
  const strangers: RawPeer[] = []
  for (let index = 0; index < strangersMax; index++) {
    const stranger = await RawPeer.connect(site, ana, `raw#${index}`)
    stranger.send(Uint8Array.of(0))
    strangers.push(stranger)
  }
  bruno.send(ana, 'still here')
  await ana.gets(1)
  assert.deepEqual(ana.texts, ['still here'])
  const [oldest] = strangers
  await oldest?.until(() => oldest.isClosed, 'the end of the oldest')
  assert.equal(strangers.at(-1)?.isClosed, false)
  assert.equal(ana.links.status().handshakesRefused, strangersMax + 1 - openingsMax)
  for (const stranger of strangers) stranger.close()
})

test('a stranger is allowed no frame that is larger than a handshake', async (context) => {
  const site = await realSite(context, 'unix')
  const ana = await site.member('ana#1')
  const stranger = await RawPeer.connect(site, ana)
  stranger.send(Uint8Array.of(0, 0, 0xff, 0xff, 1))
  assert.match(await stranger.refusal(), /^frame-refused: a frame with length 65535/)
})

test('a member that links again and again has only the last few of its links, and is heard on them', async (context) => {
  const site = await realSite(context, 'unix')
  const ana = await site.member('ana#1')
  const peers: RawPeer[] = []
  for (let made = 0; made < linksPerPeerMax + 3; made++) {
    const peer: RawPeer = await RawPeer.connect(site, ana)
    site.records.set(peer.address, { address: peer.address, endpoints: [], publicKey: peer.signer.publicKey })
    await peer.shakeHands(ana)
    peer.send(frame(messageKind, Uint8Array.of(0x61 + made)))
    await ana.gets(made + 1)
    peers.push(peer)
  }
  const last = peers.at(-1)
  const links = (): number => ana.links.status().peers.find((one) => one.peer === 'raw#9')?.connections ?? 0
  await last?.until(() => links() === linksPerPeerMax, 'the end of the links that were too many')
  assert.deepEqual(
    peers.map((peer) => peer.isClosed),
    [false, true, true, true, false, false, false],
  )
})

test('what a member sends faster than its turns come arrives whole and in order, also when it closes at once', async (context) => {
  const site = await realSite(context, 'unix')
  const ana = await site.member('ana#1')
  const bruno = await site.member('bruno#2')
  bruno.send(ana, 'another link')
  await ana.gets(1)
  const peer = await RawPeer.open(site, ana)
  const count = 5_000
  const frames = Array.from({ length: count }, (_, index) =>
    frame(messageKind, Uint8Array.of(index >>> 8, index & 0xff)),
  )
  peer.send(Buffer.concat(frames))
  peer.end()
  await ana.gets(1 + count)
  await ana.sees('down raw#9')
  const numbers = ana.received.slice(1).map(({ body }) => ((body[0] ?? 0) << 8) | (body[1] ?? 0))
  assert.deepEqual(
    numbers,
    Array.from({ length: count }, (_, index) => index),
  )
})

/** With as much behind the number as makes a piece of its own. */
function messageOf(index: number): Uint8Array {
  const message = new Uint8Array(300)
  message[0] = index
  return message
}

test('a peer that is throttled is read a few messages at a time, and all that it sent once it is not any more', async (context) => {
  const site = await realSite(context, 'unix')
  let isThrottled = true
  const ana = await site.member('ana#1', { isThrottled: () => isThrottled })
  const peer = await RawPeer.open(site, ana)
  const count = 200
  peer.send(Buffer.concat(Array.from({ length: count }, (_, index) => frame(messageKind, messageOf(index)))))
  await ana.gets(24)
  assert.ok(ana.received.length < count / 2, `${ana.received.length} of ${count} messages in a few turns`)
  isThrottled = false
  await ana.gets(count)
  assert.deepEqual(
    ana.received.map(({ body }) => body[0]),
    Array.from({ length: count }, (_, index) => index),
  )
})
