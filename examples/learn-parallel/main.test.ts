/** The measurement, as a reader runs it: what it says of this machine and of the work, not how long that took. */
import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { test } from 'node:test'
import { assertDocumented } from '../../test/learn/documented.ts'
import { cellsOf, linesOf } from '../../test/learn/program-lines.ts'

test('threads and processes do the same work, whatever they are, and each row has both times', async () => {
  const printed = await linesOf(new URL('./main.ts', import.meta.url))
  assertDocumented('examples/learn-parallel/main.ts', printed)
  const [machine, , ...rows] = printed
  assert.equal(
    machine,
    `this machine has ${availableParallelism()} cores; 16 pieces of each kind, each answer takes 25 ms`,
  )
  const cells = cellsOf(rows)
  assert.deepEqual(
    cells.map(([who]) => who),
    ['1 thread', '1 thread, 4 tasks at once', '2 threads', '4 threads', '1 process', '2 processes', '4 processes'],
  )
  for (const [, arithmetic = '', waiting = '', result] of cells) {
    assert.match(arithmetic, /^\d+ ms \(x\d+\.\d\)$/)
    assert.match(waiting, /^\d+ ms \(x\d+\.\d\)$/)
    assert.equal(result, `${16 * 25_997} primes`)
  }
})
