/** Printer and scanner, as a reader runs them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDocumented } from '../../test/learn/documented.ts'
import { linesOf } from '../../test/learn/program-lines.ts'

test('two processes that take two devices in opposite orders deadlock, which is named, until one gives up; in one order they never do', async () => {
  const lines = await linesOf(new URL('./main.ts', import.meta.url))
  assertDocumented('examples/learn-printer-and-scanner/main.ts', lines)
  const cure = lines.indexOf('the same order:')
  assert.deepEqual(lines.slice(cure), ['the same order:', '  jobs done: 25 and 25; nobody had to give up'])
  const happened = lines.slice(1, cure).map((line) => line.trim())
  const at = (line: string): number => happened.indexOf(line)
  assert.deepEqual(happened.slice(0, 2).toSorted(), [
    'archivist has the scanner, and wants the printer',
    'copier has the printer, and wants the scanner',
  ])
  const cycle = happened
    .slice(at('a suspected deadlock:') + 1)
    .slice(0, 2)
    .toSorted()
  assert.match(cycle[0] ?? '', /^"archivist" \(process \d+\) holds scanner, waits for printer$/)
  assert.match(cycle[1] ?? '', /^"copier" \(process \d+\) holds printer, waits for scanner$/)
  const ends = ['copier gives up after 3000 ms', 'archivist has both, and works', 'copier has both, and works'].map(at)
  assert.ok((ends[0] ?? 0) > at('a suspected deadlock:'), happened.join('\n'))
  assert.deepEqual(
    ends,
    ends.toSorted((one, other) => one - other),
  )
})
