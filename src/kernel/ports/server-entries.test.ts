/** The rows of servers: who may put them, who may take them away, and those that the engine could not take away. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Condition, Engine, Entry, Lease, Transaction, TransactionResult } from '../../edges/engine.ts'
import { hostCrypto } from '../../host/crypto.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { equalBytes } from '../../lib/bytes.ts'
import { type Address, revision } from '../../lib/identifiers.ts'
import { HandClock } from '../fixtures/hand-clock.ts'
import { madeCapability } from '../fixtures/made-capability.ts'
import { namedServer, testMemberKey, testSystemId } from '../fixtures/named-server.ts'
import { putPortOf } from './port-proof.ts'
import { type Entering, ServerEntries } from './server-entries.ts'
import { decodePortRow } from './server-rows.ts'

const signer = hostCrypto.signerOf(new Uint8Array(32).fill(7))
const port = putPortOf(hostCrypto, signer.publicKey)

function serverOf(keptAs: string | undefined): Entering {
  return { name: 'probe', capability: madeCapability(port), identity: { port, signer, keptAs } }
}

/** An engine of one process, with rows that the test sees, and failures that it orders. */
class Stage {
  readonly clock = new HandClock()
  readonly rows = new Map<string, Entry>()
  readonly asked: string[] = []
  readonly suspected: string[] = []
  failure: CardumenError | undefined
  #revision = 0

  entriesOf(self: string): ServerEntries {
    const engine = {
      systemId: testSystemId,
      transact: (transaction: Transaction) => this.#transact(transaction),
      suspect: (lease: string) => void this.suspected.push(lease),
    } as unknown as Engine
    return new ServerEntries({
      ...{ engine, clock: this.clock, crypto: hostCrypto, publicKey: testMemberKey },
      ...{ self: self as Address, lease: { id: `lease of ${self}` } as Lease },
    })
  }

  get addresses(): readonly (string | undefined)[] {
    return [...this.rows.values()]
      .filter(({ key }) => key.startsWith('port/'))
      .map(({ value }) => decodePortRow(value)?.address)
  }

  #transact({ conditions = [], then, otherwise = [] }: Transaction): Promise<TransactionResult> {
    this.asked.push(then.map(({ kind }) => kind).join(' '))
    if (this.failure !== undefined) return Promise.reject(this.failure)
    const succeeded = conditions.every((condition) => this.#holds(condition))
    const at = revision(++this.#revision)
    const reads: (Entry | undefined)[] = []
    for (const operation of succeeded ? then : otherwise) {
      if (operation.kind === 'delete') this.rows.delete(operation.key)
      else if (operation.kind === 'get') reads.push(this.rows.get(operation.key))
      else this.rows.set(operation.key, { ...operation, revision: at, createdRevision: at, lease: operation.lease })
    }
    return Promise.resolve({ succeeded, revision: at, reads })
  }

  #holds(condition: Condition): boolean {
    const row = this.rows.get(condition.key)
    if (condition.kind === 'absent') return row === undefined
    return condition.kind === 'value' && row !== undefined && equalBytes(row.value, condition.equals)
  }
}

describe('a kept identity', () => {
  it('is served by one live member at a time, and the other is told by whom', async () => {
    const stage = new Stage()
    await stage.entriesOf('m1#1').enter(serverOf('shop'))
    const refused = assert.rejects(stage.entriesOf('m2#1').enter(serverOf('shop')), {
      code: 'port-taken',
      executed: 'no',
      message: /^m1#1 /,
    })
    await stage.clock.advance(1_000)
    await refused
    assert.deepEqual([stage.addresses, new Set(stage.suspected)], [['m1#1'], new Set(['lease of m1#1'])])
  })

  it('is taken over as soon as its holder is found dead', async () => {
    const stage = new Stage()
    await stage.entriesOf('m1#1').enter(serverOf('shop'))
    const entered = stage.entriesOf('m2#1').enter(serverOf('shop'))
    await stage.clock.advance(40)
    stage.rows.clear()
    await stage.clock.advance(40)
    assert.equal((await entered).port, port)
    assert.deepEqual(stage.addresses, ['m2#1'])
  })

  it('is not kept from its holder by a row that proves nothing', async () => {
    const stage = new Stage()
    const forged = namedServer('probe', 'impostor#9', { isKept: true, provenAt: 'm1#1' })
    const at = revision(1)
    const lease = 'lease of impostor#9'
    stage.rows.set(forged.portKey, {
      key: forged.portKey,
      value: forged.portValue,
      revision: at,
      createdRevision: at,
      lease,
    })
    await stage.entriesOf('m1#1').enter(serverOf('shop'))
    assert.deepEqual(stage.addresses, ['m1#1'])
  })

  it('stays with its new holder when an earlier one takes its rows away late', async () => {
    const stage = new Stage()
    const first = stage.entriesOf('m1#1')
    const rows = await first.enter(serverOf('shop'))
    stage.rows.clear()
    await stage.entriesOf('m2#1').enter(serverOf('shop'))
    await first.remove(rows)
    assert.deepEqual(stage.addresses, ['m2#1'])
  })

  it('can be served again by the member whose first try the engine left in doubt', async () => {
    const stage = new Stage()
    const entries = stage.entriesOf('m1#1')
    const rows = await entries.enter(serverOf('shop'))
    stage.failure = new CardumenError('engine-failed', 'away', { executed: 'unknown' })
    await assert.rejects(entries.remove(rows), { code: 'engine-failed' })
    stage.failure = undefined
    await entries.enter(serverOf('shop'))
    await stage.clock.advance(2_000)
    assert.deepEqual(stage.addresses, ['m1#1'])
  })
})

// Found by the scenario `names`: what such rows named had no server as long as their member lived.
describe('rows that stand for nobody', () => {
  it('go later where the engine could not take them away, or may have entered them', async () => {
    const stage = new Stage()
    const entries = stage.entriesOf('m1#1')
    const rows = await entries.enter(serverOf(undefined))
    stage.failure = new CardumenError('engine-failed', 'away', { executed: 'unknown' })
    await assert.rejects(entries.enter(serverOf(undefined)), { code: 'engine-failed' })
    await assert.rejects(entries.remove(rows), { code: 'engine-failed' })
    await stage.clock.advance(600)
    stage.failure = undefined
    await stage.clock.advance(1_100)
    assert.equal(stage.rows.size, 0)
    const { length } = stage.asked
    await stage.clock.advance(5_000)
    assert.deepEqual([stage.asked.length, stage.clock.timers], [length, 0])
  })
})
