/** What threads and processes cost, as a reader runs it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDocumented } from '../../test/learn/documented.ts'
import { cellsOf, linesOf } from '../../test/learn/program-lines.ts'

test('a blocking call stops all threads in user space for as long as it lasts; and every cost has its figure', async () => {
  const lines = await linesOf(new URL('./main.ts', import.meta.url))
  assertDocumented('examples/learn-cost/main.ts', lines)
  const [, ...costs] = cellsOf(lines.slice(0, 4))
  for (const [who, ...figures] of costs) {
    assert.equal(figures.length, 2, who)
    for (const figure of figures) assert.ok(Number.parseFloat(figure) > 0, `${who}: ${figure}`)
  }
  const standstill = cellsOf(lines).find(([who]) => who === 'threads in user space')?.[1] ?? ''
  assert.ok(Number.parseFloat(standstill) >= 199 && standstill.endsWith(' ms'), standstill)
})
