/**
 * The watcher's side: one stream after another, each from where the one before it ended.
 *
 * What ends a stream is mostly no news of the directory: its server died, moved or was cut off, or the engine was away.
 * Then the next is asked for, from the sequence number that was seen last, for as long as the watcher wants to. Only
 * what waiting does not mend is told to it.
 */
import type { Capability } from '../../kernel/capabilities/capability.ts'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import type { ErrorCode } from '../../lib/error-codes.ts'
import type { Signal } from '../../lib/signal.ts'
import type { DirectoryEvent, WatchOptions } from './changes.ts'
import type { DirectoryConnection } from './connection.ts'

const againMsMin = 20
const againMsMax = 1_000

/** What says nothing of the directory, and is over some day. */
const passing: ReadonlySet<ErrorCode> = new Set([
  'address-unknown',
  'member-died',
  'unreachable',
  'reply-lost',
  'try-again',
  'timed-out',
  'throttled',
  'engine-failed',
  'disk-full',
  'lease-lost',
])

/** Somebody else may have to serve. */
const serverGone: ReadonlySet<ErrorCode> = new Set(['address-unknown', 'member-died'])

/** @throws CardumenError `compacted`, `object-unknown`, `not-a-directory`, and what refuses the capability. */
export async function* watchDirectory(
  connection: DirectoryConnection,
  capability: Capability,
  { from, signal }: WatchOptions,
): AsyncGenerator<DirectoryEvent> {
  const client = connection.client(capability)
  let seen = from
  for (let waitMs = againMsMin; signal?.aborted !== true; waitMs = Math.min(againMsMax, 2 * waitMs)) {
    try {
      const stream = client.watch({ from: seen }, { timeoutMs: Infinity, ...(signal !== undefined && { signal }) })
      for await (const { sequence, changes } of stream) {
        waitMs = againMsMin
        if (seen !== undefined && sequence <= seen) continue
        seen = sequence
        if (changes.length > 0) yield { sequence, changes: changes.map((change) => ({ ...change, version: sequence })) }
      }
    } catch (error) {
      if (isEnded(error, signal)) return
      if (!isCardumenError(error) || !passing.has(error.code)) throw error
      if (serverGone.has(error.code) && !(await connection.ensure(capability))) throw error
    }
    await connection.pause(waitMs, signal).catch((error: unknown) => {
      if (!isEnded(error, signal)) throw error
    })
  }
}

/** The watcher wants no more, whatever else ends the stream then. */
function isEnded(error: unknown, signal: Signal | undefined): boolean {
  return signal?.aborted === true && isCardumenError(error)
}
