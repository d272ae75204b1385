/** The life of links in time: dialled at first use, let go when idle, made anew, given up. Time is moved by hand. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { smallMessagesMax } from '../../src/kernel/links/link-queue.ts'
import type { Address } from '../../src/lib/identifiers.ts'
import { type LinkMember, Site } from './link-member.ts'
import { ManualClock, MemoryNetwork, turns } from './memory-network.ts'

interface Pair {
  readonly network: MemoryNetwork
  readonly clock: ManualClock
  readonly site: Site
  readonly ana: LinkMember
  readonly bruno: LinkMember
}

async function pair(): Promise<Pair> {
  const network = new MemoryNetwork()
  const clock = new ManualClock()
  const site = new Site(network, clock)
  return { network, clock, site, ana: await site.member('ana#1'), bruno: await site.member('bruno#2') }
}

test('a link is dialled at first use, once, and serves both directions', async () => {
  const { network, ana, bruno } = await pair()
  assert.equal(network.dials, 0)
  ana.send(bruno, 'one')
  ana.send(bruno, 'two')
  await turns()
  bruno.send(ana, 'back')
  await turns()
  assert.deepEqual(bruno.texts, ['one', 'two'])
  assert.deepEqual(ana.texts, ['back'])
  assert.equal(network.dials, 1)
  assert.deepEqual(ana.events, ['up bruno#2'])
})

test('two members that dial each other at the same moment both keep what they sent, once', async () => {
  const { network, ana, bruno } = await pair()
  ana.send(bruno, 'from ana')
  bruno.send(ana, 'from bruno')
  await turns()
  assert.equal(network.dials, 2)
  assert.deepEqual([ana.texts, bruno.texts], [['from bruno'], ['from ana']])
  assert.equal(ana.linkTo(bruno).connections, 2)
})

test('a message is later in Lamport time than what its sender had seen', async () => {
  const { ana, bruno } = await pair()
  for (let round = 0; round < 5; round++) {
    ana.send(bruno, 'ping')
    await turns()
    bruno.send(ana, 'pong')
    await turns()
  }
  const times = bruno.received.flatMap(({ lamport }, index) => [lamport, ana.received[index]?.lamport ?? 0])
  assert.deepEqual(
    times,
    times.toSorted((left, right) => left - right),
  )
  assert.equal(new Set(times).size, times.length)
})

test('an idle link is let go without a word, and dialled again at the next use', async () => {
  const { network, clock, ana, bruno } = await pair()
  ana.send(bruno, 'one')
  await clock.advance(40_000)
  assert.equal(ana.linkTo(bruno).state, 'up')
  await clock.advance(100_000)
  assert.equal(ana.linkTo(bruno).state, 'resting')
  assert.equal(bruno.linkTo(ana).connections, 0)
  bruno.send(ana, 'two')
  await turns()
  assert.deepEqual(ana.texts, ['two'])
  assert.equal(network.dials, 2)
  assert.deepEqual(ana.events, ['up bruno#2', 'up bruno#2'])
})

test('a link that is held by both ends stays, however idle', async () => {
  const { clock, ana, bruno } = await pair()
  ana.send(bruno, 'one')
  ana.links.hold(bruno.address)
  bruno.links.hold(ana.address)
  await clock.advance(500_000)
  assert.equal(ana.linkTo(bruno).state, 'up')
  ana.links.release(bruno.address)
  await clock.advance(200_000)
  assert.equal(ana.linkTo(bruno).state, 'resting')
})

test('messages on their way while a link is let go arrive, and need no other link', async () => {
  const { network, clock, ana, bruno } = await pair()
  ana.send(bruno, 'one')
  await clock.advance(74_990)
  bruno.send(ana, 'on its way')
  clock.fire(20)
  await turns()
  assert.deepEqual(ana.texts, ['on its way'])
  assert.equal(ana.linkTo(bruno).state, 'resting')
  assert.equal(network.dials, 1)
  assert.deepEqual(ana.events, ['up bruno#2'])
})

test('after a break the link is made anew when there is something to send, and both are told', async () => {
  const { network, ana, bruno } = await pair()
  ana.send(bruno, 'one')
  await turns()
  network.breakAll()
  await turns()
  assert.deepEqual(ana.events, ['up bruno#2', 'down bruno#2'])
  assert.equal(ana.linkTo(bruno).state, 'resting')
  ana.send(bruno, 'two')
  await turns()
  assert.deepEqual(bruno.texts, ['one', 'two'])
  assert.equal(ana.linkTo(bruno).breaks, 1)
})

test('when one of two links breaks, the other one takes over', async () => {
  const { network, ana, bruno } = await pair()
  ana.send(bruno, 'a')
  bruno.send(ana, 'b')
  await turns()
  network.connections[0]?.destroy()
  await turns()
  ana.send(bruno, 'c')
  bruno.send(ana, 'd')
  await turns()
  assert.deepEqual(
    [ana.texts, bruno.texts],
    [
      ['b', 'd'],
      ['a', 'c'],
    ],
  )
  assert.equal(network.dials, 2)
  assert.deepEqual(ana.events, ['up bruno#2', 'down bruno#2', 'up bruno#2'])
})

test('a peer that nobody knows is unreachable at once, and what waited for it is thrown away', async () => {
  const { ana } = await pair()
  assert.equal(ana.send('nobody#9' as Address, 'lost'), true)
  await turns()
  assert.deepEqual(ana.events, ['unreachable nobody#9 unreachable'])
  assert.equal(ana.links.status().peers[0]?.queuedMessages, 0)
})

test('a peer that does not listen is dialled again with back-off, then given up', async () => {
  const { network, clock, site, ana } = await pair()
  site.records.set('gone#3' as Address, {
    address: 'gone#3' as Address,
    endpoints: ['memory:gone#3'],
    publicKey: new Uint8Array(32),
  })
  ana.send('gone#3' as Address, 'lost')
  await clock.advance(300)
  assert.deepEqual(ana.events, [])
  await clock.advance(3_000)
  assert.deepEqual(ana.events, ['unreachable gone#3 unreachable'])
  assert.ok(network.dials >= 4 && network.dials <= 12, `${network.dials} dials`)
  const { dials } = network
  await clock.advance(60_000)
  assert.equal(network.dials, dials)
})

test('a peer that begins to listen while it is dialled gets what waited', async () => {
  const { clock, site, ana } = await pair()
  const address = 'late#3' as Address
  site.records.set(address, { address, endpoints: ['memory:late#3'], publicKey: new Uint8Array(32) })
  ana.send(address, 'patience')
  await clock.advance(200)
  const late = await site.member('late#3')
  await clock.advance(1_500)
  assert.deepEqual(late.texts, ['patience'])
})

test('what waits for a peer has a bound, and what is over it is not taken', async () => {
  const { ana } = await pair()
  const peer = 'slow#3' as Address
  let taken = 0
  while (taken <= smallMessagesMax && ana.send(peer, 'x')) taken++
  assert.equal(taken, smallMessagesMax)
  assert.equal(ana.links.hasRoom(peer), false)
})

test('a message over the limit is refused at once', async () => {
  const { ana, bruno } = await pair()
  assert.throws(() => ana.send(bruno, new Uint8Array(134_217_729)), { code: 'too-large' })
})

test('a peer that has died is forgotten without further events', async () => {
  const { ana, bruno } = await pair()
  ana.send(bruno, 'one')
  await turns()
  ana.links.forget(bruno.address)
  await turns()
  assert.deepEqual(ana.events, ['up bruno#2'])
  assert.deepEqual(ana.links.status().peers, [])
})

test('closed links take nothing and dial nobody', async () => {
  const { network, ana, bruno } = await pair()
  ana.send(bruno, 'last words')
  await turns()
  ana.send(bruno, 'and these')
  await ana.links.close()
  assert.deepEqual(bruno.texts, ['last words', 'and these'])
  assert.equal(ana.send(bruno, 'too late'), false)
  await turns()
  assert.equal(network.dials, 1)
})

test('a handshake that does not go on ends after its time', async () => {
  const { network, clock, site, ana } = await pair()
  const address = 'mute#3' as Address
  await network.listen('mute#3', (connection) =>
    connection.handle({ onData: () => {}, onDrain: () => {}, onClose: () => {} }),
  )
  site.records.set(address, { address, endpoints: ['memory:mute#3'], publicKey: new Uint8Array(32) })
  ana.send(address, 'hello?')
  await clock.advance(4_900)
  assert.deepEqual(ana.events, [])
  await clock.advance(200)
  assert.deepEqual(ana.events, ['unreachable mute#3 unreachable'])
})
