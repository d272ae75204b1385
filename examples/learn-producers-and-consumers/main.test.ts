/** Producers and consumers, as a reader runs them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDocumented } from '../../test/learn/documented.ts'
import { linesOf } from '../../test/learn/program-lines.ts'

test('with a queue and with semaphores, nothing is lost, nothing is taken twice, and no more is kept than there are places', async () => {
  const lines = await linesOf(new URL('./main.ts', import.meta.url))
  assertDocumented('examples/learn-producers-and-consumers/main.ts', lines)
  const facts = ['  3 producers put 300 numbers, 2 consumers took 300', '  lost: 0, taken twice: 0']
  assert.deepEqual(lines.slice(0, -1), [
    'a queue with 8 places:',
    ...facts,
    '8 places, two semaphores and a lock:',
    ...facts,
  ])
  const most = Number(/^ {2}places in use at once, at most: (\d)$/.exec(lines.at(-1) ?? '')?.[1])
  assert.ok(most >= 1 && most <= 8, lines.at(-1))
})
