/** Two nodes that are client and server at once, as a reader runs them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDocumented } from '../../test/learn/documented.ts'
import { linesOf } from '../../test/learn/program-lines.ts'

test('two nodes answer their clients and each other, through interfaces of their own', async () => {
  const printed = await linesOf(new URL('./main.ts', import.meta.url))
  assertDocumented('examples/learn-client-and-server/main.ts', printed)
  const [first, ...lines] = printed
  assert.equal(first, '2 nodes listen, each at 2 ports; different ports: 4')
  const heard = (who: string, asked: number, node: string): string =>
    `${who} of ${node} heard 20 answers, the last: ${asked} squared is ${asked ** 2}, says ${node}'s neighbour`
  const clientsOf = (node: string): readonly string[] => [
    heard('thread 1', 1019, node),
    heard('thread 2', 2019, node),
    heard('process', 3019, node),
  ]
  const served = 'answered 60 questions of clients, and worked out 60 for its neighbour; wrong: 0'
  const withoutPadding = lines.map((line) => line.replaceAll(/ +/g, ' '))
  assert.deepEqual(withoutPadding, [...clientsOf('A'), ...clientsOf('B'), `node A ${served}`, `node B ${served}`])
})
