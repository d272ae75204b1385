/** The philosophers, as a reader runs them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDocumented } from '../../test/learn/documented.ts'
import { linesOf } from '../../test/learn/program-lines.ts'

test('philosophers who take the left fork first deadlock, which is named and ended; with each cure all eat', async () => {
  const lines = await linesOf(new URL('./main.ts', import.meta.url))
  assertDocumented('examples/learn-philosophers/main.ts', lines)
  const waits = Array.from({ length: 5 }, (_, seat) => `P${seat} holds fork ${seat}, waits for fork ${(seat + 1) % 5}`)
  for (const wait of waits)
    assert.ok(
      lines.some((line) => line.includes(wait)),
      wait,
    )
  assert.ok(lines.includes('  a certain deadlock:'))
  assert.ok(lines.includes('  meals: 1 1 1 1 1; forks in two hands: 0'))
  const full = lines.filter((line) => line === '  meals: 20 20 20 20 20; forks in two hands: 0')
  assert.equal(full.length, 3)
})
