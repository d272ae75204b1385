/**
 * The sentences of `src/edges/network.ts` as tests: for Unix sockets, for TCP, and for the network of a simulated world.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { Connection, ConnectionEvents, Listener, Network } from '../../src/edges/network.ts'
import { openSocketFolder } from '../../src/host/socket-folder.ts'
import { UnixTcpNetwork } from '../../src/host/unix-tcp-network.ts'
import { isCardumenError } from '../../src/lib/cardumen-error.ts'
import { VirtualSite } from '../../src/sim/members/fixtures/virtual-site.ts'

interface Place {
  /** The networks of two members. */
  readonly near: Network
  readonly far: Network
  /** Lets the world go on until then. @throws where that does not come. */
  readonly until: (isSo: () => boolean) => Promise<void>
}

type WithPlace = (use: (place: Place) => Promise<void>) => Promise<void>

const deadlineMs = 10_000

async function onHost(kind: 'unix' | 'tcp', use: (place: Place) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'cardumen-network-'))
  try {
    const network = new UnixTcpNetwork(kind === 'tcp' ? { kind } : { kind, folder: await openSocketFolder(folder) })
    const until = async (isSo: () => boolean): Promise<void> => {
      const endMs = performance.now() + deadlineMs
      for (; !isSo(); await new Promise(setImmediate)) assert.ok(performance.now() < endMs, 'it never came')
    }
    await use({ near: network, far: network, until })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const inWorld: WithPlace = (use) => {
  const site = new VirtualSite()
  const [near, far] = [site.life('m1').network, site.life('m2').network]
  const until = async (isSo: () => boolean): Promise<void> => {
    for (let step = 0; !isSo(); step++) {
      assert.ok(step < deadlineMs, 'it never came')
      await site.advance(1)
    }
  }
  return use({ near, far, until })
}

/** What one end heard. */
class Ear implements ConnectionEvents {
  readonly bytes: number[] = []
  drains = 0
  closes: unknown[] = []
  heardAfterClose = 0

  onData(chunk: Uint8Array): void {
    this.bytes.push(...chunk)
    this.heardAfterClose += this.closes.length
  }

  onDrain(): void {
    this.drains++
  }

  onClose(error: unknown): void {
    this.closes.push(error)
  }
}

interface Pair {
  readonly listener: Listener
  readonly dialled: Connection
  readonly accepted: Connection
}

async function connected({ near, far, until }: Place): Promise<Pair> {
  const accepted: Connection[] = []
  const listener = await far.listen('one', (connection) => accepted.push(connection))
  const dialled: Connection[] = []
  void near.dial(listener.endpoints[0] ?? '', { timeoutMs: 5_000 }).then((connection) => dialled.push(connection))
  await until(() => accepted.length === 1 && dialled.length === 1)
  assert.ok(dialled[0] !== undefined && accepted[0] !== undefined)
  return { listener, dialled: dialled[0], accepted: accepted[0] }
}

async function assertUnreachable({ near, until }: Place, endpoint: string): Promise<void> {
  const errors: unknown[] = []
  near.dial(endpoint, { timeoutMs: 5_000 }).then(
    () => errors.push('connected'),
    (error: unknown) => errors.push(error),
  )
  await until(() => errors.length === 1)
  assert.ok(isCardumenError(errors[0], 'unreachable'), `${endpoint}: ${String(errors[0])}`)
}

async function ended({ until }: Place, { listener, dialled, accepted }: Pair, ears: readonly Ear[]): Promise<void> {
  dialled.destroy()
  accepted.destroy()
  await listener.close()
  await until(() => ears.every((ear) => ear.closes.length === 1))
}

for (const [name, withPlace] of [
  ['Unix sockets', (use) => onHost('unix', use)],
  ['TCP', (use) => onHost('tcp', use)],
  ['virtual', inWorld],
] as readonly (readonly [string, WithPlace])[]) {
  describe(`network conformance: ${name}`, () => {
    it('a dial of nobody, of a closed listener or of no endpoint at all is unreachable', () =>
      withPlace(async (place) => {
        const listener = await place.far.listen('gone', () => assert.fail('nobody dials it'))
        await listener.close()
        for (const endpoint of [listener.endpoints[0] ?? '', '', 'unix:', 'tcp:x', 'tcp:127.0.0.1:99999', 'sim:'])
          await assertUnreachable(place, endpoint)
      }))

    it('what came before its owner looked is kept: bytes in their order, then the end', () =>
      withPlace(async (place) => {
        const pair = await connected(place)
        const [near, far] = [new Ear(), new Ear()]
        pair.dialled.handle(near)
        assert.equal(pair.dialled.write([Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(3)]), true)
        pair.dialled.write([Uint8Array.of(4)])
        pair.dialled.end()
        assert.equal(pair.dialled.write([Uint8Array.of(9)]), false, 'it takes nothing after its end')
        await place.until(() => pair.dialled.bufferedBytes === 0)
        pair.accepted.handle(far)
        await place.until(() => near.closes.length > 0 && far.closes.length > 0)
        assert.deepEqual(far.bytes, [1, 2, 3, 4])
        assert.deepEqual([near.closes.length, far.closes.length, far.heardAfterClose], [1, 1, 0])
        assert.equal(far.closes[0], undefined, 'an end is no error')
        await pair.listener.close()
      }))

    it('a writer that gets ahead of a paused reader is told to wait, and when to go on; nothing is lost', () =>
      withPlace(async (place) => {
        const pair = await connected(place)
        const [near, far] = [new Ear(), new Ear()]
        pair.dialled.handle(near)
        pair.accepted.handle(far)
        pair.accepted.pause()
        let written = 0
        const chunk = (): Uint8Array => new Uint8Array(50_000).fill(++written % 251)
        const writeUntilFull = async (): Promise<void> => {
          for (let isFull = false; !isFull; ) {
            isFull = !pair.dialled.write([chunk()])
            await new Promise(setImmediate)
            isFull &&= pair.dialled.bufferedBytes > 200_000
            assert.ok(written < 2_000, 'it says that it is full')
          }
        }
        await writeUntilFull()
        const drainsBefore = near.drains
        pair.accepted.resume()
        await place.until(() => near.drains > drainsBefore && far.bytes.length === written * 50_000)
        assert.equal(pair.dialled.bufferedBytes, 0)
        for (let index = 0; index < written; index++) {
          assert.equal(far.bytes[index * 50_000], (index + 1) % 251)
          assert.equal(far.bytes[index * 50_000 + 49_999], (index + 1) % 251)
        }
        await ended(place, pair, [near, far])
      }))

    it('the end of one side ends the other, which still sends what it had written', () =>
      withPlace(async (place) => {
        const pair = await connected(place)
        const [near, far] = [new Ear(), new Ear()]
        pair.dialled.handle(near)
        pair.accepted.handle(far)
        pair.accepted.write([Uint8Array.of(7)])
        pair.accepted.end()
        await place.until(() => near.closes.length > 0 && far.closes.length > 0)
        assert.deepEqual(near.bytes, [7])
        assert.deepEqual([near.closes, far.closes], [[undefined], [undefined]])
        await pair.listener.close()
      }))

    it('a destroyed connection is closed on both sides, once, also for one who asks only then', () =>
      withPlace(async (place) => {
        const pair = await connected(place)
        const [near, far] = [new Ear(), new Ear()]
        pair.accepted.handle(far)
        pair.dialled.destroy()
        pair.dialled.destroy()
        assert.equal(pair.dialled.write([Uint8Array.of(1)]), false)
        await place.until(() => far.closes.length > 0)
        pair.dialled.handle(near)
        await place.until(() => near.closes.length > 0)
        assert.deepEqual([near.closes.length, far.closes.length], [1, 1])
        await pair.listener.close()
      }))

    it('a listener that closes accepts no more, and what it accepted goes on', () =>
      withPlace(async (place) => {
        const pair = await connected(place)
        const [near, far] = [new Ear(), new Ear()]
        pair.dialled.handle(near)
        pair.accepted.handle(far)
        await pair.listener.close()
        await assertUnreachable(place, pair.listener.endpoints[0] ?? '')
        pair.dialled.write([Uint8Array.of(5)])
        await place.until(() => far.bytes.length === 1)
        await ended(place, pair, [near, far])
      }))
  })
}
