/** The race loses additions; the cures lose none. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDocumented } from '../../test/learn/documented.ts'
import { cellsOf, linesOf } from '../../test/learn/program-lines.ts'

test('threads that add to one number lose additions, and none with a lock, an atomic step or an owner', async () => {
  const printed = await linesOf(new URL('./main.ts', import.meta.url))
  assertDocumented('examples/learn-lost-updates/main.ts', printed)
  const [plain, ...cures] = cellsOf(printed)
  assert.match(plain?.at(-1) ?? '', /^LOST [1-9]\d*$/)
  assert.deepEqual(cures, [
    ['under a lock', 'expected 400000', 'counted 400000', 'none lost'],
    ['one atomic step', 'expected 4000000', 'counted 4000000', 'none lost'],
    ['one thread owns it', 'expected 40000', 'counted 40000', 'none lost'],
  ])
})
