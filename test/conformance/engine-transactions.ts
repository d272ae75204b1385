/**
 * `transact`, `put` and `delete`: conditions, revisions, order, atomicity and limits.
 *
 * What several openers do at once is compared by its outcome here, and by its history in `engine-against-model.ts`.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  keyBytesMax,
  operationsPerTransactionMax,
  valueBytesMax,
  type Condition,
  type Engine,
  type Operation,
} from '../../src/edges/engine.ts'
import { revision } from '../../src/lib/identifiers.ts'
import { fromUtf8 } from '../../src/lib/text.ts'
import { bytes, failsWith, keysUnder, textOf } from './engine-assertions.ts'
import type { MakeEngines } from './engine.ts'

export function describeTransactions(makeEngines: MakeEngines): void {
  describe('transactions', () => {
    it('then is done where all conditions hold, else otherwise', async () => {
      await using engines = await makeEngines()
      const engine = await engines.open()
      const written = await engine.put('here', bytes('1'))
      const table: readonly [Condition, boolean][] = [
        [{ kind: 'absent', key: 'nowhere' }, true],
        [{ kind: 'absent', key: 'here' }, false],
        [{ kind: 'present', key: 'here' }, true],
        [{ kind: 'present', key: 'nowhere' }, false],
        [{ kind: 'revision', key: 'here', equals: written }, true],
        [{ kind: 'revision', key: 'here', equals: revision(written + 1) }, false],
        [{ kind: 'revision', key: 'nowhere', equals: written }, false],
        [{ kind: 'value', key: 'here', equals: bytes('1') }, true],
        [{ kind: 'value', key: 'here', equals: bytes('2') }, false],
        [{ kind: 'value', key: 'nowhere', equals: new Uint8Array(0) }, false],
      ]
      for (const [condition, holds] of table) {
        const result = await engine.transact({
          conditions: [{ kind: 'present', key: 'here' }, condition],
          then: [put('then')],
          otherwise: [put('otherwise')],
        })
        assert.equal(result.succeeded, holds, JSON.stringify(condition))
        assert.deepEqual(await keysUnder(engine, 'then'), holds ? ['then'] : [])
        assert.deepEqual(await keysUnder(engine, 'otherwise'), holds ? [] : ['otherwise'])
        await engine.transact({
          then: [
            { kind: 'delete', key: 'then' },
            { kind: 'delete', key: 'otherwise' },
          ],
        })
      }
    })

    it('a transaction without conditions succeeds; one that fails without otherwise does nothing', async () => {
      await using engines = await makeEngines()
      const engine = await engines.open()
      const first = await engine.transact({ then: [put('a')] })
      assert.equal(first.succeeded, true)
      const second = await engine.transact({ conditions: [{ kind: 'absent', key: 'a' }], then: [put('b')] })
      assert.deepEqual(second, { succeeded: false, revision: first.revision, reads: [] })
      assert.equal(await engine.get('b'), undefined)
    })

    it('all writes of a transaction have one revision, the next one', async () => {
      await using engines = await makeEngines()
      const engine = await engines.open()
      const before = await engine.put('before', bytes('x'))
      const result = await engine.transact({ then: [put('a'), put('b'), { kind: 'delete', key: 'before' }] })
      assert.equal(result.revision, before + 1)
      assert.deepEqual(
        (await engine.list('')).entries.map((entry) => entry.revision),
        [result.revision, result.revision],
      )
    })

    it('what writes nothing takes no revision and tells the one of the last that wrote', async () => {
      await using engines = await makeEngines()
      const engine = await engines.open()
      const last = await engine.put('a', bytes('x'))
      assert.equal(
        (
          await engine.transact({
            then: [
              { kind: 'get', key: 'a' },
              { kind: 'delete', key: 'absent' },
            ],
          })
        ).revision,
        last,
      )
      assert.equal(await engine.put('b', bytes('x')), last + 1)
    })

    it('reads come in order, one per get of the branch that was taken, and see the writes before them', async () => {
      await using engines = await makeEngines()
      const engine = await engines.open()
      await engine.put('a', bytes('old'))
      const get = (key: string): Operation => ({ kind: 'get', key })
      const { reads } = await engine.transact({
        then: [get('b'), get('a'), put('a', 'new'), get('a')],
        otherwise: [get('other')],
      })
      assert.deepEqual(
        reads.map((entry) => entry && fromUtf8(entry.value)),
        [undefined, 'old', 'new'],
      )
    })

    it('a delete tells its revision, or undefined where the key was absent', async () => {
      await using engines = await makeEngines()
      const engine = await engines.open()
      const written = await engine.put('a', bytes('x'))
      assert.equal(await engine.delete('a'), written + 1)
      assert.equal(await engine.delete('a'), undefined)
    })

    it('transactions of one opener are carried out in the order of the calls', async () => {
      await using engines = await makeEngines()
      const engine = await engines.open()
      await engine.put('epoch', bytes('0'))
      const results = await Promise.all(
        Array.from({ length: 200 }, (_, index) =>
          engine.transact({
            conditions: [{ kind: 'value', key: 'epoch', equals: bytes(String(index)) }],
            then: [put('epoch', String(index + 1))],
          }),
        ),
      )
      assert(results.every((result) => result.succeeded))
      const revisions = results.map((result) => result.revision)
      assert.deepEqual(
        revisions,
        [...revisions].sort((left, right) => left - right),
      )
      assert.equal(new Set(revisions).size, 200)
    })

    it('compare-and-set by several openers at once loses no increment', async () => {
      await using engines = await makeEngines()
      const openers = await Promise.all([engines.open(), engines.open(), engines.open()])
      await openers[0]?.put('counter', bytes('0'))
      await Promise.all(openers.map((engine) => incrementOften(engine, 'counter', 40)))
      assert.equal(await textOf(openers[0] as Engine, 'counter'), '120')
    })

    it('no revision is given twice, whoever asks', async () => {
      await using engines = await makeEngines()
      const openers = await Promise.all([engines.open(), engines.open(), engines.open()])
      const writes = openers.flatMap((engine, opener) =>
        Array.from({ length: 100 }, (_, index) => engine.put(`key/${opener}/${index}`, bytes('x'))),
      )
      assert.equal(new Set(await Promise.all(writes)).size, 300)
    })

    it('a caller may change its bytes after the call', async () => {
      await using engines = await makeEngines()
      const engine = await engines.open()
      const value = bytes('before')
      const written = engine.put('key', value)
      value.fill(0)
      await written
      assert.equal(await textOf(engine, 'key'), 'before')
    })

    it('the limits can be reached', async () => {
      await using engines = await makeEngines()
      const engine = await engines.open()
      const many = Array.from({ length: operationsPerTransactionMax }, (_, index) => put(`many/${index}`))
      await engine.transact({ then: many, otherwise: many })
      assert.equal((await keysUnder(engine, 'many/')).length, operationsPerTransactionMax)
      const large = new Uint8Array(valueBytesMax).fill(7)
      const longKey = 'é'.repeat(keyBytesMax / 2)
      await engine.put(longKey, large)
      assert.deepEqual((await engine.get(longKey))?.value, large)
    })

    it('beyond the limits a transaction is refused, and the ones beside it are not', async () => {
      await using engines = await makeEngines()
      const engine = await engines.open()
      const tooMany = Array.from({ length: operationsPerTransactionMax + 1 }, (_, index) => put(`many/${index}`))
      const beside = engine.put('beside', bytes('x'))
      await failsWith(engine.transact({ then: tooMany }), 'transaction-too-large')
      await failsWith(engine.transact({ then: [], otherwise: tooMany }), 'transaction-too-large')
      await failsWith(engine.put('large', new Uint8Array(valueBytesMax + 1)), 'value-too-large')
      await failsWith(engine.put('é'.repeat(keyBytesMax / 2 + 1), bytes('x')), 'value-too-large')
      await failsWith(
        engine.transact({
          then: [put('small'), { kind: 'put', key: 'large', value: new Uint8Array(valueBytesMax + 1) }],
        }),
        'value-too-large',
      )
      await beside
      assert.deepEqual(await keysUnder(engine, ''), ['beside'])
    })
  })
}

function put(key: string, value = 'x'): Operation {
  return { kind: 'put', key, value: bytes(value) }
}

async function incrementOften(engine: Engine, key: string, times: number): Promise<void> {
  for (let done = 0; done < times; ) {
    const entry = await engine.get(key)
    assert(entry !== undefined)
    const next = String(Number(fromUtf8(entry.value)) + 1)
    const result = await engine.transact({
      conditions: [{ kind: 'revision', key, equals: entry.revision }],
      then: [put(key, next)],
    })
    if (result.succeeded) done++
  }
}
