/**
 * Random transactions from several openers, compared with the model; watches, compared with its history.
 *
 * First one at a time, where the model knows every result; then at once, where any one order will do, as long as all
 * agree on it. Leases are left to `engine-leases.ts`.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Condition, Engine, Operation, Transaction } from '../../src/edges/engine.ts'
import { revision } from '../../src/lib/identifiers.ts'
import { bytes, WatchReader } from './engine-assertions.ts'
import { EngineModel } from './engine-model.ts'
import type { MakeEngines } from './engine.ts'

const openersCount = 3
const keys = ['a', 'b', 'p/a', 'p/b', 'p/é', 'q']
const prefixes = ['', 'p/', 'q', 'nothing/']

const key = fc.constantFrom(...keys)
const value = fc.constantFrom('', '0', '1').map(bytes)
const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({ kind: fc.constant('absent' as const), key }),
  fc.record({ kind: fc.constant('present' as const), key }),
  fc.record({ kind: fc.constant('revision' as const), key, equals: fc.integer({ min: 1, max: 40 }).map(revision) }),
  fc.record({ kind: fc.constant('value' as const), key, equals: value }),
)
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('put' as const), key, value }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('get' as const), key }) },
)
/** No key is written twice in one transaction: engines differ in that, and nobody needs it. */
const operations = fc.uniqueArray(operation, { maxLength: 4, selector: (one) => one.key })
const transaction: fc.Arbitrary<Transaction> = fc.record({
  conditions: fc.array(condition, { maxLength: 2 }),
  then: operations,
  otherwise: operations,
})
const step = fc.record({ opener: fc.nat(openersCount - 1), transaction })

export function describeModel(makeEngines: MakeEngines): void {
  describe('against the model', () => {
    it('random transactions of several openers give the results of the model, and watches its history', async () => {
      await using engines = await makeEngines()
      const openers = await Promise.all(Array.from({ length: openersCount }, () => engines.open()))
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), fc.nat(24), async (steps, resumeAt) => {
          const model = new EngineModel(await clear(openers))
          const start = revision((await openerAt(openers, 0).list('')).revision + 1)
          for (const { opener, transaction: one } of steps) {
            const expected = model.transact(one)
            assert.deepEqual(await openerAt(openers, opener).transact(one), expected)
          }
          for (const engine of openers) assert.deepEqual((await engine.list('')).entries, model.list(''))
          const from = model.history[resumeAt]?.revision ?? start
          for (const prefix of prefixes) {
            const expected = model.historyOf(prefix, from)
            const watch = new WatchReader(openerAt(openers, resumeAt % openersCount).watch(prefix, { from }))
            assert.deepEqual(await watch.take(expected.length), expected)
            await watch.stop()
          }
        }),
        { numRuns: 60 },
      )
    })

    it('openers that write at once agree on one order, which every watch gives', async () => {
      await using engines = await makeEngines()
      const openers = await Promise.all(Array.from({ length: openersCount }, () => engines.open()))
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
          const base = await clear(openers)
          const watches = openers.map((engine) => new WatchReader(engine.watch('')))
          const results = await Promise.all(
            steps.map(({ opener, transaction: one }) => openerAt(openers, opener).transact(one)),
          )
          const seen = await takeUntil(watches, (await openerAt(openers, 0).list('')).revision, base)
          for (const history of seen) assert.deepEqual(history, seen[0])
          for (const { opener } of steps)
            assertGrowing(
              results.filter((_, index) => steps[index]?.opener === opener).map((result) => result.revision),
            )
          const state = new Map(
            seen[0]?.flatMap((batch) => batch.changes.map((change) => [change.key, change] as const)),
          )
          const present = [...state.values()]
            .filter((change) => change.kind === 'put')
            .map((change) => change.key)
            .sort()
          assert.deepEqual((await openerAt(openers, 0).list('')).entries.map((entry) => entry.key).sort(), present)
        }),
        { numRuns: 40 },
      )
    })
  })
}

async function clear(openers: readonly Engine[]): Promise<ReturnType<typeof revision>> {
  return (await openerAt(openers, 0).transact({ then: keys.map((one) => ({ kind: 'delete', key: one })) })).revision
}

async function takeUntil(
  watches: readonly WatchReader[],
  last: number,
  base: number,
): ReturnType<typeof Promise.all<Awaited<ReturnType<WatchReader['take']>>[]>> {
  return Promise.all(
    watches.map(async (watch) => {
      const history = await watch.take(last - base)
      await watch.stop()
      return history
    }),
  )
}

function assertGrowing(revisions: readonly number[]): void {
  revisions.forEach((one, index) => assert(index === 0 || one >= (revisions[index - 1] ?? 0)))
}

function openerAt(openers: readonly Engine[], index: number): Engine {
  const engine = openers[index]
  assert(engine !== undefined)
  return engine
}
