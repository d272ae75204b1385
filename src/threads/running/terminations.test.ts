/** Threads that are ended at any moment, from their start on, leave nothing behind in shared memory. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import {
  arena,
  partiesAt,
  partiesMax,
  primitivesAt,
  primitivesMax,
  waitsAt,
  waitsMax,
  wordsPerRow,
} from '../memory/arena.ts'
import { primitiveKindOf } from '../memory/primitives.ts'
import { Lock } from '../waiting/lock.ts'
import { Semaphore } from '../waiting/semaphore.ts'
import { Thread } from './thread.ts'

const restless = new URL('./fixtures/restless.ts', import.meta.url)
const timeoutMs = 60_000
const rounds = 20

function start(functionName: string, args: readonly unknown[] = []): Thread {
  const thread = new Thread(restless, functionName, { args })
  thread.start()
  return thread
}

/** Rows that are neither free nor whole primitives: a lock that was made stays, as others may have it. */
function rowsLeft(): string[] {
  const tables = { party: [partiesAt, partiesMax], wait: [waitsAt, waitsMax], primitive: [primitivesAt, primitivesMax] }
  return Object.entries(tables).flatMap(([what, [at = 0, rows = 0]]) =>
    Array.from({ length: rows }, (_, row) => row)
      .filter((row) => Atomics.load(arena().words, at + row * wordsPerRow) !== 0)
      .filter((row) => what !== 'primitive' || primitiveKindOf(row) === undefined)
      .map((row) => `${what} ${row}`),
  )
}

async function endSoon(thread: Thread, afterMs: number): Promise<void> {
  if (afterMs > 0) await delay(afterMs)
  await thread.terminate()
  await assert.rejects(
    thread.joinAsync({ timeoutMs }),
    (error) => isCardumenError(error, 'thread-exited') || isCardumenError(error, 'thread-failed'),
  )
}

test('threads that are ended at any moment leave no row, and what they held is free', async () => {
  await start('rest').joinAsync({ timeoutMs })
  const lock = new Lock()
  const semaphore = new Semaphore(2)
  const before = rowsLeft()
  for (let round = 0; round < rounds; round++) {
    const restlessOnes = [start('makeAndTake', [lock, semaphore]), start('makeAndTake', [lock, semaphore])]
    const starter = start('startOthers')
    await Promise.all([...restlessOnes, starter].map((thread, index) => endSoon(thread, round * 10 + index)))
  }
  const deadline = performance.now() + timeoutMs
  // Children that a starter left behind end a little later.
  while (rowsLeft().length > before.length && performance.now() < deadline) await delay(10)
  assert.deepEqual(rowsLeft(), before)
  await lock.acquireAsync({ timeoutMs }).catch(() => lock.acquireAsync({ timeoutMs }))
  lock.release()
  for (const each of [lock, semaphore]) each.close()
})
