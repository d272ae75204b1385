/** Readers and writers, as a reader runs them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDocumented } from '../../test/learn/documented.ts'
import { linesOf } from '../../test/learn/program-lines.ts'

test('readers are inside together, writers alone, and the preference decides who goes first', async () => {
  const printed = await linesOf(new URL('./main.ts', import.meta.url))
  assertDocumented('examples/learn-readers-and-writers/main.ts', printed)
  const [bare, ...lines] = printed
  assert.match(bare ?? '', /^without a lock, pages seen half written: [1-9]\d*$/)
  assert.deepEqual(lines, [
    'with an RWLock, pages seen half written: 0',
    'readers inside at once: 3; a writer could enter now: false',
    'prefer readers  reader 1, reader 2, writer 1, writer 2',
    'prefer writers  reader 1, writer 1, writer 2, reader 2',
    'prefer fair     reader 1, writer 1, reader 2, writer 2',
  ])
})
