/** The kernel's links, as they are on hosts, over the virtual clock, network and crypto. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Address } from '../../lib/identifiers.ts'
import { usualNetwork } from '../faults/network-options.ts'
import { type LinkRoom, VirtualLinkMember } from './fixtures/virtual-link-member.ts'
import { VirtualSite } from './fixtures/virtual-site.ts'
import { VirtualKeys } from './virtual-crypto.ts'

interface Two extends LinkRoom {
  readonly ana: VirtualLinkMember
  readonly bruno: VirtualLinkMember
}

async function two(idleMs?: number): Promise<Two> {
  const room = { site: new VirtualSite(usualNetwork), keys: new VirtualKeys(), records: new Map() }
  return {
    ...room,
    ana: await VirtualLinkMember.join(room, 'm1', 1, idleMs),
    bruno: await VirtualLinkMember.join(room, 'm2', 2, idleMs),
  }
}

test('links prove who they are, and messages of every size arrive whole and in order', async () => {
  const { site, ana, bruno } = await two()
  for (const body of ['small', new Uint8Array(5_000_000), 'and back']) {
    ana.send(bruno, body)
    await site.advance(200)
  }
  bruno.send(ana, 'answer')
  await site.advance(10)
  assert.deepEqual(bruno.received, ['small', '5000000 bytes', 'and back'])
  assert.deepEqual(ana.received, ['answer'])
})

test('links that break under way are made anew, and what had not left is sent', async () => {
  const { site, ana, bruno } = await two()
  ana.send(bruno, 'first')
  await site.advance(10)
  const lift = site.inForce({ kind: 'break', rate: 0.05, atMs: 0, from: 'm1', to: 'm2' })
  ana.send(bruno, new Uint8Array(8_000_000))
  await site.advance(2_000)
  lift()
  await site.advance(2_000)
  assert.ok(ana.events.includes('down m2#2'))
  assert.equal(ana.events.at(-1), 'up m2#2')
  assert.deepEqual(bruno.received, ['first', '8000000 bytes'])
})

test('idle links are let go by both sides without an error, and then nothing happens at all', async () => {
  const { site, ana, bruno } = await two(1_000)
  ana.send(bruno, 'once')
  await site.advance(10_000)
  assert.deepEqual([ana.links.status().peers[0]?.state, ana.events], ['resting', ['up m2#2']])
  const before = site.timeline.events
  await site.advance(3_600_000)
  assert.equal(site.timeline.events - before, 1)
})

test('a member whose machine is down is unreachable within the patience of a dial', async () => {
  const { site, ana, bruno } = await two()
  bruno.life.process.crash('machine')
  ana.send(bruno, 'anybody?')
  await site.advance(4_000)
  assert.deepEqual(ana.events, ['unreachable m2#2: unreachable'])
})

test('a message to a former life never reaches the next one', async () => {
  const { site, ana, bruno, ...room } = await two()
  ana.send(bruno, 'first')
  await site.advance(10)
  bruno.life.process.crash('process')
  const next = await VirtualLinkMember.join({ site, ...room }, 'm2', 3)
  ana.send('m2#2' as Address, 'to the dead')
  ana.send(next, 'to the living')
  await site.advance(4_000)
  assert.deepEqual(next.received, ['to the living'])
  assert.deepEqual(ana.events, ['up m2#2', 'down m2#2', 'up m2#3'])
})
