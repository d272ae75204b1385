/** How a member guards its locate machine: whose answers count, what is taken back, and what nobody can make it do. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { hostCrypto } from '../../host/crypto.ts'
import { type Address, type Port, port } from '../../lib/identifiers.ts'
import { LamportClock } from '../../lib/lamport-clock.ts'
import { seededRandom } from '../../lib/random.ts'
import { HandClock } from '../fixtures/hand-clock.ts'
import { testMemberKey, testSystemId } from '../fixtures/named-server.ts'
import { LocateDriver, type ServedPort } from './locate-driver.ts'
import { portProofBytes, type PortPlace, provePort, putPortOf } from './port-proof.ts'

const signer = hostCrypto.signerOf(new Uint8Array(32).fill(7))
const its = putPortOf(hostCrypto, signer.publicKey)

function itsPlace(at: string): PortPlace {
  return { systemId: testSystemId, port: its, address: at as Address }
}

interface Sent {
  readonly to: string
  readonly kind: number
  readonly bytes: Uint8Array
}

/** Members that hear each other at once when the test says so. */
class Site {
  readonly clock = new HandClock()
  readonly drivers = new Map<string, LocateDriver>()
  readonly sent: (Sent & { readonly from: string })[] = []
  readonly notHere: string[] = []
  verified = 0
  readonly refused: string[] = []

  constructor(...names: readonly string[]) {
    for (const name of names) this.drivers.set(name, this.#driverOf(name as Address))
    for (const [name, driver] of this.drivers)
      for (const other of names) if (other !== name) driver.joined(other as Address)
  }

  at(name: string): LocateDriver {
    const driver = this.drivers.get(name)
    assert.ok(driver !== undefined)
    return driver
  }

  /** As the true server at this address, unless the proof is another. */
  serve(name: string, changes: Partial<ServedPort> = {}): void {
    const proof = provePort(signer, itsPlace(name), testMemberKey)
    this.at(name).serve(its, { proof, isKept: true, isOurs: () => true, ...changes })
  }

  async deliver(): Promise<void> {
    for (let next = this.sent.shift(); next !== undefined; next = this.sent.shift())
      this.at(next.to).onMessage(next.from as Address, next.kind, next.bytes, 0, next.bytes.length, 1)
    await this.clock.advance(0)
  }

  async find(by: string, of: Port = its): Promise<string | undefined> {
    const found = this.at(by).locate(of)
    await this.deliver()
    for (let round = 0; round < 10; round++) {
      await this.clock.advance(50)
      await this.deliver()
    }
    return (await found)?.address
  }

  #driverOf(self: Address): LocateDriver {
    return new LocateDriver({
      ...{ self, systemId: testSystemId, clock: this.clock, random: seededRandom(1), lamport: new LamportClock() },
      crypto: {
        ...hostCrypto,
        verify: (...given) => {
          this.verified++
          return hostCrypto.verify(...given)
        },
      },
      send: (to, kind, _priority, header, headerBytes) => {
        this.sent.push({ from: self, to, kind, bytes: header.slice(0, headerBytes) })
        return true
      },
      publicKeyOf: () => testMemberKey,
      onNotHere: (of, from) => void this.notHere.push(`${self}: ${of === its ? 'its' : of} not at ${from}`),
      onUnproven: (from) => void this.refused.push(`${self}: ${from}`),
      onBroken: () => assert.fail('a step threw'),
    })
  }
}

describe('a port', () => {
  it('is located where its server proves that it is, and is known to be kept', async () => {
    const site = new Site('a#1', 'b#1', 'c#1')
    site.serve('c#1')
    const found = site.at('a#1').locate(its)
    await site.deliver()
    assert.deepEqual(await found, { address: 'c#1', isKept: true })
  })

  const impostures: readonly (readonly [string, Uint8Array])[] = [
    ['made up', new Uint8Array(portProofBytes)],
    ['of another address', provePort(signer, itsPlace('c#1'), testMemberKey)],
    ['of an earlier life', provePort(signer, itsPlace('b#0'), testMemberKey)],
    ['of another key of its member', provePort(signer, itsPlace('b#1'), new Uint8Array(32).fill(6))],
    ['of another system', provePort(signer, { ...itsPlace('b#1'), systemId: 'another system' }, testMemberKey)],
    ['of another port', provePort(hostCrypto.newSigner(), itsPlace('b#1'), testMemberKey)],
  ]
  for (const [what, proof] of impostures)
    it(`is not located by an answer with a proof ${what}, which is counted`, async () => {
      const site = new Site('a#1', 'b#1')
      site.serve('b#1', { proof })
      assert.equal(await site.find('a#1'), undefined)
      assert.ok(site.refused.includes('a#1: b#1'))
    })

  it('is located at its true server although an impostor answers first', async () => {
    const site = new Site('a#1', 'b#1', 'c#1')
    site.serve('b#1', { proof: new Uint8Array(96) })
    const found = site.at('a#1').locate(its)
    await site.deliver()
    site.serve('c#1')
    await site.clock.advance(50)
    await site.deliver()
    assert.equal((await found)?.address, 'c#1')
  })

  it('is not answered for by a server that may have been replaced', async () => {
    const site = new Site('a#1', 'b#1')
    site.serve('b#1', { isOurs: () => false })
    assert.equal(await site.find('a#1'), undefined)
    assert.deepEqual(site.refused, [])
  })

  it('that is withdrawn is told to those who were told where it is', async () => {
    const site = new Site('a#1', 'b#1', 'c#1')
    site.serve('c#1')
    assert.equal(await site.find('a#1'), 'c#1')
    site.at('c#1').withdraw(its)
    await site.deliver()
    assert.deepEqual(site.notHere, ['a#1: its not at c#1'])
    assert.equal(await site.find('a#1'), undefined)
  })
})

describe('an answer that nobody asked for', () => {
  it('costs no look at its proof', async () => {
    const site = new Site('a#1', 'b#1')
    site.serve('b#1')
    assert.equal(await site.find('a#1'), 'b#1')
    const { verified } = site
    site.at('b#1').send('a#1' as Address, { kind: 'HEREIS', port: its, search: 1 })
    await site.deliver()
    assert.equal(site.verified, verified)
  })

  it('of a kind that is none of the machine is not taken', () => {
    const site = new Site('a#1')
    assert.equal(site.at('a#1').onMessage('b#1' as Address, 200, new Uint8Array(30), 0, 30, 1), false)
  })
})

describe('a search', () => {
  it('ends with nothing when the member leaves', async () => {
    const site = new Site('a#1', 'b#1')
    const found = site.at('a#1').locate(port('ab'.repeat(16)))
    site.at('a#1').close()
    assert.equal(await found, undefined)
    assert.equal(await site.at('a#1').locate(its), undefined)
    assert.equal(site.clock.timers, 0)
  })
})
