/**
 * What the parts of the engine suite share: text as values, errors by code, and watches read with a deadline.
 */
import assert from 'node:assert/strict'
import type { Engine, WatchBatch } from '../../src/edges/engine.ts'
import { CardumenError, type Executed } from '../../src/lib/cardumen-error.ts'
import type { ErrorCode } from '../../src/lib/error-codes.ts'
import { fromUtf8, toUtf8 } from '../../src/lib/text.ts'

export const deadlineMs = 20_000

export function bytes(text: string): Uint8Array {
  return toUtf8(text)
}

export async function textOf(engine: Engine, key: string): Promise<string | undefined> {
  const entry = await engine.get(key)
  return entry && fromUtf8(entry.value)
}

export async function keysUnder(engine: Engine, prefix: string): Promise<readonly string[]> {
  return (await engine.list(prefix)).entries.map((entry) => entry.key)
}

export async function failsWith(work: Promise<unknown>, code: ErrorCode, executed: Executed = 'no'): Promise<void> {
  await assert.rejects(work, (error) => {
    assert(error instanceof CardumenError, `not a CardumenError: ${String(error)}`)
    assert.deepEqual({ code: error.code, executed: error.executed }, { code, executed })
    return true
  })
}

export async function within<Result>(work: Promise<Result>, what: string, timeoutMs = deadlineMs): Promise<Result> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`${what}: not within ${timeoutMs} ms`)), timeoutMs)
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Asks again until the answer is yes. */
export async function until(
  isSo: () => Promise<boolean> | boolean,
  what: string,
  timeoutMs = deadlineMs,
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await isSo())) {
    assert(performance.now() < deadline, `${what}: not within ${timeoutMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/** As `kind key=value`, one list per transaction. */
export function described(batches: readonly WatchBatch[]): readonly (readonly string[])[] {
  return batches.map((batch) =>
    batch.changes.map((change) =>
      change.kind === 'put' ? `put ${change.key}=${fromUtf8(change.value)}` : `delete ${change.key}`,
    ),
  )
}

export class WatchReader {
  readonly #iterator: AsyncIterator<WatchBatch>

  constructor(watch: AsyncIterable<WatchBatch>) {
    this.#iterator = watch[Symbol.asyncIterator]()
  }

  async take(count: number): Promise<WatchBatch[]> {
    const batches: WatchBatch[] = []
    while (batches.length < count) {
      const result = await within(this.#iterator.next(), `change ${batches.length + 1} of ${count}`)
      assert(result.done !== true, `the watch ended after ${batches.length} of ${count} changes`)
      batches.push(result.value)
    }
    return batches
  }

  /** True when the watch has ended. */
  async isAtEnd(): Promise<boolean> {
    return (await within(this.#iterator.next(), 'the end of the watch')).done === true
  }

  next(): Promise<IteratorResult<WatchBatch>> {
    return within(this.#iterator.next(), 'the next change')
  }

  async stop(): Promise<void> {
    await this.#iterator.return?.()
  }
}
