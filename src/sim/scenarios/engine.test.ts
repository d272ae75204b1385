/** Programs that use the engine themselves, under faults. SEEDS=5000 runs so many seeds. */
import { describe, it } from 'node:test'
import { engine, engineScenario } from './engine.ts'
import { assertFound, assertHolds, assertMet, assertRepeats } from './fixtures/swarm.ts'

describe('an engine that crashes, is slow and is out of reach', () => {
  it('is linearizable, keeps what it acknowledged, and tells watchers every change once', async () => {
    const counts = new Map<string, number>()
    await assertHolds(engineScenario('right', counts), 80)
    assertMet(counts, ['get', 'put', 'cas', 'delete', 'list', 'pair', 'once', 'lease'])
  })

  it('goes the same way in two runs of one seed', () => assertRepeats(engine))

  it('is found broken where it answers what was read before', () =>
    assertFound(engineScenario('stale-get'), ['linearizable'], 5))
  it('is found broken where a watch leaves changes out', () =>
    assertFound(engineScenario('gap-in-watch'), ['ordered-delivery', 'timed-out'], 30))
  it('is found broken where a listing is of two moments', () =>
    assertFound(engineScenario('torn-list'), ['atomic'], 30))
  it('is found broken where an acknowledged write is lost', () =>
    assertFound(engineScenario('lost-write'), ['durability'], 5))
  it('is found broken where a key outlives its lease', () => assertFound(engineScenario('lasting-lease'), ['lease'], 5))
})
