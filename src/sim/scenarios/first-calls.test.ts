/** First calls over new links. SEEDS=5000 runs so many seeds. */
import { describe, it } from 'node:test'
import { firstCalls, firstCallsScenario } from './first-calls.ts'
import { assertFound, assertHolds, assertRepeats } from './fixtures/swarm.ts'

describe('the first call over a new link', () => {
  it('arrives with the link, whatever was lost before', () => assertHolds(firstCalls, 40))
  it('goes the same way in two runs of one seed', () => assertRepeats(firstCalls))

  it('is found late where its handler is', () => assertFound(firstCallsScenario(1_000), ['prompt'], 3))
})
