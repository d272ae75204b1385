/** The table of the four quadrants says what is shared. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDocumented } from '../../test/learn/documented.ts'
import { cellsOf, linesOf } from '../../test/learn/program-lines.ts'

test('a variable is of one thread, a shared array of one process, and a file of all', async () => {
  const printed = await linesOf(new URL('./main.ts', import.meta.url))
  assertDocumented('examples/learn-quadrants/main.ts', printed)
  const [, ...rows] = cellsOf(printed)
  const three = '1000 1000 1000'
  assert.deepEqual(rows, [
    ['1', '1', '1000', '1000', '1000'],
    ['1', '3', three, '3000', '3000'],
    ['3', '1', '1000 | 1000 | 1000', '1000 | 1000 | 1000', '3000'],
    ['3', '3', [three, three, three].join(' | '), '3000 | 3000 | 3000', '9000'],
  ])
})
