/** Connections of the virtual network where nothing is wrong with it: what a socket would do. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { usualNetwork } from '../faults/network-options.ts'
import { End, evenNetwork, listening, VirtualSite } from './fixtures/virtual-site.ts'

function unreachable(error: unknown): boolean {
  return isCardumenError(error, 'unreachable')
}

test('a dial takes a round trip, and each segment one way', async () => {
  const site = new VirtualSite()
  const { dialler, acceptor } = await site.connected()
  assert.deepEqual(site.events, ['2.0 m1 connected m2'])
  dialler.write('there')
  acceptor.write('back')
  await site.advance(5)
  assert.deepEqual(acceptor.heard, ['3 there'])
  assert.deepEqual(dialler.heard, ['3 back'])
})

test('one write is one segment, whose bytes belong to the receiver', async () => {
  const site = new VirtualSite()
  const { dialler, acceptor } = await site.connected()
  const sent = [Uint8Array.of(1, 2), Uint8Array.of(3)]
  dialler.connection.write(sent)
  await site.advance(5)
  assert.deepEqual(acceptor.chunks, [Uint8Array.of(1, 2, 3)])
  acceptor.chunks[0]?.fill(9)
  assert.deepEqual(sent, [Uint8Array.of(1, 2), Uint8Array.of(3)])
})

test('a long segment is lent only: its bytes are there until its receiver returns', async () => {
  const site = new VirtualSite()
  const { dialler, acceptor } = await site.connected()
  const sums: string[] = []
  const sumOf = (chunk: Uint8Array): number => chunk.reduce((sum, byte) => sum + byte, 0)
  acceptor.onData = (chunk: Uint8Array, isLent?: boolean) => {
    sums.push(`${chunk.length} ${isLent} ${sumOf(chunk)}`)
    acceptor.chunks.push(chunk)
  }
  dialler.connection.write([new Uint8Array(16_384).fill(1)])
  dialler.connection.write([new Uint8Array(16_385).fill(1)])
  await site.advance(10)
  assert.deepEqual(sums, ['16384 false 16384', '16385 true 16385'])
  assert.deepEqual(
    acceptor.chunks.map((chunk) => chunk[0]),
    [1, 0xa5],
  )
})

test('a dial of an endpoint that nobody ever had, that is closed, or whose process has died is refused', async () => {
  const site = new VirtualSite()
  const [near, far] = [site.life('m1'), site.life('m2')]
  const never = near.network.dial('tcp:127.0.0.1:80', { timeoutMs: 1_000 })
  await assert.rejects(never, unreachable)
  const listener = await far.network.listen('any', () => {})
  await listener.close()
  const closed = assert.rejects(near.network.dial(listener.endpoints[0] ?? '', { timeoutMs: 1_000 }), unreachable)
  const { endpoint } = await listening(far)
  far.process.crash('process')
  const died = assert.rejects(near.network.dial(endpoint, { timeoutMs: 1_000 }), unreachable)
  await site.advance(3)
  await Promise.all([closed, died])
})

for (const how of ['cut there', 'cut back', 'down'] as const) {
  test(`a dial of a machine that is ${how} fails when its time is over`, async () => {
    const site = new VirtualSite()
    const [near, far] = [site.life('m1'), site.life('m2')]
    const { endpoint } = await listening(far)
    if (how === 'down') far.process.crash('machine')
    else site.partition('one-way', how === 'cut there' ? 'm1' : 'm2', how === 'cut there' ? 'm2' : 'm1')
    let failedMs = 0
    const failed = near.network.dial(endpoint, { timeoutMs: 1_000 }).catch((error: unknown) => {
      failedMs = site.timeline.nowMs
      return error
    })
    await site.advance(1_100)
    assert.ok(unreachable(await failed))
    assert.equal(Math.round(failedMs), 1_000)
  })
}

test('a dial through a cut that heals in time gets through at its next try', async () => {
  const site = new VirtualSite()
  const [near, far] = [site.life('m1'), site.life('m2')]
  const { endpoint } = await listening(far)
  const heal = site.partition('both-ways', 'm1', 'm2')
  const dialled = near.network.dial(endpoint, { timeoutMs: 1_000 })
  await site.advance(250)
  heal()
  await site.advance(400)
  await dialled
  assert.deepEqual(site.events, ['602.0 m1 connected m2'])
})

test('what comes before a connection is handled is kept, its end too', async () => {
  const site = new VirtualSite()
  const [near, far] = [site.life('m1'), site.life('m2')]
  const { endpoint, accepted } = await listening(far)
  const dialled = near.network.dial(endpoint, { timeoutMs: 1_000 })
  await site.advance(2)
  const dialler = new End(await dialled, site)
  dialler.write('early')
  dialler.connection.end()
  await site.advance(10)
  const acceptor = new End(accepted[0] ?? assert.fail(), site)
  await site.advance(10)
  assert.deepEqual(acceptor.told, ['early', 'closed'])
  assert.deepEqual(dialler.told, ['closed'])
})

test('an end sends what was written, and both sides close without an error once both have ended', async () => {
  const site = new VirtualSite()
  const { dialler, acceptor } = await site.connected()
  dialler.connection.write([new Uint8Array(600_000)])
  dialler.connection.end()
  assert.equal(dialler.write('too late'), false)
  await site.advance(20)
  assert.equal(acceptor.bytes, 600_000)
  assert.equal(acceptor.told.at(-1), 'closed')
  assert.deepEqual(dialler.told, ['drain', 'closed'])
})

test('a destroyed end hears of its close, and the other side of the end after what was under way', async () => {
  const site = new VirtualSite()
  const { dialler, acceptor } = await site.connected()
  dialler.write('last words')
  dialler.connection.destroy()
  await site.advance(10)
  assert.deepEqual(dialler.heard, ['2 closed'])
  assert.deepEqual(acceptor.heard, ['3 last words', '3 closed'])
})

test('a reader that pauses stops its sender at the window, and lets it go on when it reads again', async () => {
  const site = new VirtualSite()
  const { dialler, acceptor } = await site.connected()
  acceptor.connection.pause()
  let writes = 0
  while (writes < 1_000 && dialler.connection.write([new Uint8Array(1_024)])) writes++
  await site.advance(1_000)
  assert.equal(dialler.connection.bufferedBytes, 16_384)
  assert.equal(writes, (262_144 + 16_384) / 1_024 - 1)
  assert.deepEqual([dialler.heard, acceptor.bytes], [[], 0])
  acceptor.connection.resume()
  await site.advance(10)
  assert.equal(acceptor.bytes, 262_144 + 16_384)
  assert.deepEqual(dialler.heard, ['1003 drain'])
  assert.equal(dialler.connection.bufferedBytes, 0)
})

test('a bandwidth is shared by all connections of a direction', async () => {
  const site = new VirtualSite({ ...evenNetwork, bytesPerMs: 100 })
  const { near, endpoint, dialler, acceptor } = await site.connected()
  const second = near.network.dial(endpoint, { timeoutMs: 1_000 })
  await site.advance(2)
  const other = new End(await second, site)
  dialler.connection.write([new Uint8Array(1_000)])
  other.connection.write([new Uint8Array(1_000)])
  dialler.write('behind both')
  await site.advance(30)
  assert.deepEqual(acceptor.heard, ['15 1000 bytes', '25.1 behind both'])
})

test('a paused member is connected to all the same, and gets everything in order when it goes on', async () => {
  const site = new VirtualSite()
  const [near, far] = [site.life('m1'), site.life('m2')]
  const accepted: End[] = []
  const { endpoints } = await far.network.listen('any', (connection) => accepted.push(new End(connection, site)))
  far.process.pause()
  const dialled = near.network.dial(endpoints[0] ?? '', { timeoutMs: 1_000 })
  await site.advance(2)
  const dialler = new End(await dialled, site)
  dialler.write('one')
  await site.advance(100)
  dialler.write('two')
  await site.advance(100)
  assert.equal(accepted.length, 0)
  far.process.resume()
  await site.advance(1)
  assert.deepEqual(accepted[0]?.heard, ['202 one', '202 two'])
})

test('nothing is left behind of connections that were closed', async () => {
  const site = new VirtualSite(usualNetwork)
  const [near, far] = [site.life('m1'), site.life('m2')]
  const { endpoint, accepted } = await listening(far)
  for (let round = 0; round < 20; round++) {
    const dialled = near.network.dial(endpoint, { timeoutMs: 1_000 })
    await site.advance(5)
    const [dialler, acceptor] = [new End(await dialled, site), new End(accepted.pop() ?? assert.fail(), site)]
    dialler.write('hello')
    if (round % 2 === 0) dialler.connection.end()
    else acceptor.connection.destroy()
    await site.advance(5)
    assert.deepEqual([dialler.told.at(-1)?.slice(0, 6), acceptor.told.at(-1)?.slice(0, 6)], ['closed', 'closed'])
  }
  await site.advance(20_000)
  assert.equal(site.network.stalled.size, 0)
})

test('two runs of one seed are the same run, and another seed is another', async () => {
  const run = async (seed: number): Promise<string> => {
    const site = new VirtualSite(usualNetwork, seed)
    const [near, far] = [site.life('m1'), site.life('m2')]
    const { endpoint, accepted } = await listening(far)
    site.inForce({ kind: 'loss', rate: 0.1, atMs: 0 })
    const dialled = near.network.dial(endpoint, { timeoutMs: 10_000 })
    await site.advance(10_000)
    const dialler = new End(await dialled, site)
    const acceptor = new End(accepted[0] ?? assert.fail(), site)
    for (let index = 0; index < 50; index++) dialler.write(`${index}`)
    await site.advance(10_000)
    return `${site.timeline.digest} ${acceptor.heard.join()}`
  }
  assert.equal(await run(5), await run(5))
  assert.notEqual(await run(5), await run(6))
})
