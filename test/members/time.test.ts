/** What a program takes from its system instead of from Node: time and chance. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isCardumenError } from '../../src/cardumen.ts'
import { TestSystem } from '../calls/fixtures/test-system.ts'

describe('the time and chance of a system', () => {
  it('pass as the clock says, and a sleep ends when its signal aborts', async () => {
    await using home = await TestSystem.begin()
    const system = await home.join()
    const startedAt = system.clock.now()
    await system.sleep(20)
    assert.ok(system.clock.now() - startedAt >= 19)
    const drawn = system.random.below(6)
    assert.ok(Number.isInteger(drawn) && drawn >= 0 && drawn < 6)
    const source = new AbortController()
    const sleeping = system.sleep(60_000, { signal: source.signal })
    source.abort()
    await assert.rejects(sleeping, (error) => isCardumenError(error, 'cancelled'))
  })
})
