/** What flows over real sockets: large and small together, back-pressure, breaks in the middle. */
import assert from 'node:assert/strict'
import { connect, createServer } from 'node:net'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { encodeRefusal } from '../../src/kernel/links/handshake.ts'
import { wholeBytesMax } from '../../src/kernel/links/link-queue.ts'
import type { Address } from '../../src/lib/identifiers.ts'
import { linkKind } from '../../src/wire/frame.ts'
import { RawPeer } from './raw-peer.ts'
import { realSite, transports } from './real-sockets.ts'

/** Bytes that tell where they belong. */
function pattern(sizeBytes: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes)
  for (let index = 0; index < sizeBytes; index++) bytes[index] = (index * 7 + (index >>> 13) + seed) & 0xff
  return bytes
}

for (const transport of transports) {
  test(`messages of every size arrive whole and in order over ${transport}`, async (context) => {
    const site = await realSite(context, transport)
    const [ana, bruno] = [await site.member('ana#1'), await site.member('bruno#2')]
    const sizes = [0, 1, 100, 4_096, 4_097, wholeBytesMax]
    for (const size of sizes) ana.send(bruno, pattern(size, size))
    await bruno.gets(sizes.length)
    const large = [wholeBytesMax + 1, 65_536, 65_537, 1_000_000, 5_000_000]
    for (const [index, size] of large.entries()) {
      ana.send(bruno, pattern(size, size))
      await bruno.gets(sizes.length + index + 1)
    }
    assert.deepEqual(
      bruno.received.map(({ body }) => Buffer.compare(body, pattern(body.length, body.length))),
      bruno.received.map(() => 0),
    )
    assert.deepEqual(
      bruno.received.map(({ body }) => body.length),
      [...sizes, ...large],
    )
  })

  test(`a small message overtakes a large one over ${transport}`, async (context) => {
    const site = await realSite(context, transport)
    const [ana, bruno] = [await site.member('ana#1'), await site.member('bruno#2')]
    ana.send(bruno, 'first')
    await bruno.gets(1)
    ana.send(bruno, new Uint8Array(64_000_000), 3)
    await delay(10)
    ana.send(bruno, 'overtakes', 1)
    await bruno.gets(3)
    assert.deepEqual(bruno.texts, ['first', 'overtakes', '64000000 bytes'])
  })

  test(`a large message of a higher priority overtakes one of a lower over ${transport}`, async (context) => {
    const site = await realSite(context, transport)
    const [ana, bruno] = [await site.member('ana#1'), await site.member('bruno#2')]
    ana.send(bruno, new Uint8Array(32_000_000), 2)
    ana.send(bruno, new Uint8Array(1_000_000), 0)
    await bruno.gets(2)
    assert.deepEqual(bruno.texts, ['1000000 bytes', '32000000 bytes'])
  })
}

test('large messages of one priority share the link in turn', async (context) => {
  const site = await realSite(context, 'unix')
  const [ana, bruno] = [await site.member('ana#1'), await site.member('bruno#2')]
  ana.send(bruno, new Uint8Array(20_000_000))
  for (let index = 0; index < 20; index++) ana.send(bruno, new Uint8Array(1_000_000 + index))
  await bruno.gets(21)
  assert.equal(bruno.texts.at(-1), '20000000 bytes')
})

test('a hundred thousand messages arrive once each and in order', async (context) => {
  const site = await realSite(context, 'unix')
  const [ana, bruno] = [await site.member('ana#1'), await site.member('bruno#2')]
  const count = 100_000
  for (let index = 0; index < count; index++) {
    const body = Uint8Array.of(index >>> 16, index >>> 8, index)
    while (!ana.send(bruno, body)) await delay(1)
  }
  await bruno.gets(count)
  assert.equal(bruno.received.length, count)
  assert.ok(
    bruno.received.every(
      ({ body }, index) => (((body[0] ?? 0) << 16) | ((body[1] ?? 0) << 8) | (body[2] ?? 0)) === index,
    ),
  )
})

test('a peer that does not read fills a bounded queue and no more, and the others are not held up', async (context) => {
  const site = await realSite(context, 'unix')
  const [ana, bruno] = [await site.member('ana#1'), await site.member('bruno#2')]
  const peer = await RawPeer.open(site, ana)
  peer.stopReading()
  let taken = 0
  while (taken < 100_000 && ana.send(peer.address, new Uint8Array(1_000))) {
    taken++
    if (taken % 100 === 0) await new Promise((settle) => setImmediate(settle))
  }
  assert.ok(taken > 5_000 && taken < 30_000, `${taken} messages of 1,000 bytes were taken`)
  assert.equal(ana.links.hasRoom(peer.address), false)
  ana.send(bruno, 'you read')
  await bruno.gets(1)
  peer.close()
})

test('what waits behind a peer that reads again is sent', async (context) => {
  const site = await realSite(context, 'unix')
  const ana = await site.member('ana#1')
  const peer = await RawPeer.open(site, ana)
  peer.stopReading()
  for (let index = 0; index < 3_000; index++) ana.send(peer.address, new Uint8Array(1_000))
  await delay(20)
  peer.goOnReading()
  await peer.until(() => peer.frames.length >= 3_002, '3,000 messages')
  peer.close()
})

for (const breakAfterBytes of [100, 40_000, 3_000_000]) {
  test(`a break after ${breakAfterBytes} bytes of a large message: it begins again over the next link and arrives once`, async (context) => {
    const site = await realSite(context, 'tcp')
    const [ana, bruno] = [await site.member('ana#1'), await site.member('bruno#2')]
    const record = site.records.get(bruno.address) ?? assert.fail()
    const target = Number(record.endpoints[0]?.split(':').at(-1))
    // A wire between the two that breaks once.
    let isBroken = false
    const wire = createServer((near) => {
      const far = connect(target, '127.0.0.1')
      let passedBytes = 0
      near.on('data', (chunk) => {
        passedBytes += chunk.length
        far.write(chunk)
        if (isBroken || passedBytes < breakAfterBytes + 1_000) return
        isBroken = true
        near.destroy()
        far.destroy()
      })
      far.on('data', (chunk) => near.write(chunk))
      for (const [side, other] of [
        [near, far],
        [far, near],
      ] as const)
        side.on('error', () => {}).on('close', () => other.destroy())
    })
    await new Promise<void>((settle) => wire.listen(0, '127.0.0.1', settle))
    context.after(() => wire.close())
    const { port } = wire.address() as { port: number }
    site.records.set(bruno.address, { ...record, endpoints: [`tcp:127.0.0.1:${port}`] })
    ana.send(bruno, pattern(6_000_000, 3))
    await bruno.gets(1)
    assert.equal(isBroken, true)
    assert.deepEqual(ana.events, [`up ${bruno.address}`, `down ${bruno.address}`, `up ${bruno.address}`])
    assert.equal(bruno.received.length, 1)
    assert.equal(Buffer.compare(bruno.received[0]?.body ?? new Uint8Array(0), pattern(6_000_000, 3)), 0)
  })
}

test('a large message that its receiver refused is not sent to it again', async (context) => {
  const site = await realSite(context, 'unix')
  const ana = await site.member('ana#1')
  const peer = await RawPeer.open(site, ana)
  ana.send(peer.address, new Uint8Array(1_000_000))
  assert.equal(ana.links.status().peers[0]?.queuedMessages, 1)
  peer.sendFrame(linkKind.refusal, encodeRefusal('frame-refused', 'no thanks'))
  await ana.sees('down raw#9')
  assert.equal(ana.links.status().peers[0]?.queuedMessages, 0)
  assert.equal(ana.links.status().peers[0]?.state, 'resting')
})

test('a peer that never finishes its handshake is closed after its time, and nobody else waits for it', {
  timeout: 20_000,
}, async (context) => {
  const site = await realSite(context, 'unix')
  const [ana, bruno] = [await site.member('ana#1'), await site.member('bruno#2')]
  const started = performance.now()
  const silent = await RawPeer.connect(site, ana)
  bruno.send(ana, 'hello')
  await ana.gets(1)
  assert.equal(silent.isClosed, false)
  await silent.until(() => silent.isClosed, 'the end of the silent connection')
  const elapsedMs = performance.now() - started
  assert.ok(elapsedMs > 4_500, `${elapsedMs} ms`)
})

test('a peer whose socket is gone is unreachable with a code', async (context) => {
  const site = await realSite(context, 'unix')
  const ana = await site.member('ana#1')
  const address = 'gone#5' as Address
  site.records.set(address, { address, endpoints: ['unix:/nowhere/at/all.sock'], publicKey: new Uint8Array(32) })
  ana.send(address, 'anybody?')
  await ana.sees('unreachable gone#5 unreachable')
})
