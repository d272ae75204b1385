/** What is counted of refusals, when they are told, and whom they throttle. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { address, type Address, incarnation, memberId } from '../../lib/identifiers.ts'
import { HandClock } from '../fixtures/hand-clock.ts'
import { refusedBurstMax, refusedPeersMax, refusedPerSecondMax, Refusals, summaryMs } from './refusals.ts'

const ana = address(memberId('ana'), incarnation(1))
const bruno = address(memberId('bruno'), incarnation(2))

function begun(): { clock: HandClock; told: string[]; refusals: Refusals } {
  const clock = new HandClock()
  const told: string[] = []
  return { clock, told, refusals: new Refusals({ clock, onSummary: (text) => told.push(text) }) }
}

function refuse(refusals: Refusals, peer: Address, count: number): void {
  for (let made = 0; made < count; made++) refusals.onRefused(peer, 'forged')
}

it('refusals are counted by reason and by peer, the peers with the most first', () => {
  const { refusals } = begun()
  refuse(refusals, ana, 1)
  refuse(refusals, bruno, 2)
  refusals.onRefused(undefined, 'handshake')
  assert.deepEqual(refusals.counts(), {
    total: 4,
    byReason: { forged: 3, handshake: 1 },
    peers: [
      { peer: bruno, refused: 2 },
      { peer: ana, refused: 1 },
    ],
  })
})

it('a reason is told when it first comes, then once in ten seconds with the number meanwhile', async () => {
  const { clock, told, refusals } = begun()
  refuse(refusals, ana, 1)
  assert.deepEqual(told, ['Refused once: a capability that this member gave to nobody; the last from ana#1.'])
  refuse(refusals, bruno, 5_000)
  await clock.advance(summaryMs - 1)
  assert.equal(told.length, 1)
  await clock.advance(1)
  assert.equal(told[1], 'Refused 5000 times: a capability that this member gave to nobody; the last from bruno#2.')
})

it('a reason that came no more is not told again, and at once when it comes after that', async () => {
  const { clock, told, refusals } = begun()
  refuse(refusals, ana, 1)
  await clock.advance(3 * summaryMs)
  assert.equal(told.length, 1)
  assert.equal(clock.timers, 0)
  refuse(refusals, ana, 1)
  assert.equal(told.length, 2)
})

it('each reason is told by itself', () => {
  const { told, refusals } = begun()
  refuse(refusals, ana, 1)
  refusals.onRefused(ana, 'right')
  refusals.onRefused(undefined, 'handshake')
  assert.equal(told.length, 3)
  assert.match(told[2] ?? '', /a connection that proved no member/)
})

it('a peer that has had too many capabilities refused is throttled, and no other is', () => {
  const { refusals } = begun()
  refuse(refusals, ana, refusedBurstMax - 1)
  assert.equal(refusals.mayVerify(ana), true)
  refuse(refusals, ana, 1)
  assert.equal(refusals.mayVerify(ana), false)
  assert.equal(refusals.mayVerify(bruno), true)
})

it('a throttled peer may have its capabilities verified again as time passes, never more at once than the burst', async () => {
  const { clock, refusals } = begun()
  refuse(refusals, ana, 10 * refusedBurstMax)
  await clock.advance(1_000 / refusedPerSecondMax)
  assert.equal(refusals.mayVerify(ana), true)
  refuse(refusals, ana, 1)
  assert.equal(refusals.mayVerify(ana), false)
  await clock.advance(3_600_000)
  refuse(refusals, ana, refusedBurstMax)
  assert.equal(refusals.mayVerify(ana), false)
})

it('calls that were throttled, and inputs and frames that were refused, throttle nobody', () => {
  const { refusals } = begun()
  for (let made = 0; made < 2 * refusedBurstMax; made++) {
    for (const reason of ['throttled', 'input', 'frame'] as const) refusals.onRefused(ana, reason)
  }
  assert.equal(refusals.mayVerify(ana), true)
})

it('more peers than its bound are not remembered: the one refused longest ago goes', () => {
  const { refusals } = begun()
  refuse(refusals, ana, refusedBurstMax)
  refuse(refusals, bruno, refusedBurstMax)
  refuse(refusals, ana, 1)
  for (let peer = 0; peer < refusedPeersMax - 1; peer++)
    refuse(refusals, address(memberId(`m${peer}`), incarnation(9)), 1)
  assert.equal(refusals.mayVerify(bruno), true)
  assert.equal(refusals.mayVerify(ana), false)
  assert.equal(refusals.counts().byReason.forged, 2 * refusedBurstMax + refusedPeersMax)
})

it('a dead peer is forgotten, and nothing is told after the end', async () => {
  const { clock, told, refusals } = begun()
  refuse(refusals, ana, refusedBurstMax)
  refusals.forget(ana)
  assert.deepEqual(refusals.counts().peers, [])
  refusals.close()
  await clock.advance(2 * summaryMs)
  assert.equal(told.length, 1)
})
