/**
 * The same job twice: on the members, one of which may be killed half-way, and in this process alone.
 *
 * Both call the same function with the same batches and put the results together in the same order; what differs is
 * where it runs. A call that a death interrupts runs again elsewhere by itself, because the function is declared
 * idempotent: here is no code for it, only the counting.
 */
import { setImmediate } from 'node:timers/promises'
import { isCardumenError, type MapProgress } from 'cardumen'
import { indexBatch } from './index-batch.ts'
import type { Members, NamedProcess } from './members.ts'
import type { Batch } from './text-files.ts'
import { WordIndex } from './word-index.ts'

export interface Indexing {
  readonly index: WordIndex
  readonly elapsedMs: number
}

export interface IndexingByMembers extends Indexing {
  /** Calls that were under way on a member when it died. */
  readonly interrupted: number
  /** Of those, how many were run again on another one. */
  readonly rerun: number
  readonly died: readonly Death[]
  /** Batches that each process did, by its identifier. */
  readonly batchesOf: ReadonlyMap<number, number>
}

export interface Death extends NamedProcess {
  /** By this program; else by somebody else. */
  readonly isOurs: boolean
}

export interface RunOptions {
  readonly signal: AbortSignal
  readonly onProgress: (progress: Pick<MapProgress, 'done' | 'total'>) => void
}

export interface MembersRunOptions extends RunOptions {
  /** Called half-way with the member that is killed then. Left out: nobody is killed. */
  readonly onKill?: (victim: NamedProcess) => void
}

/** Nobody is left to run anything. */
export class NoMemberLeft extends Error {
  override readonly name = 'NoMemberLeft'
}

/** @throws NoMemberLeft, and CardumenError `cancelled` when the signal aborts. */
export async function indexByMembers(
  members: Members,
  batches: readonly Batch[],
  options: MembersRunOptions,
): Promise<IndexingByMembers> {
  const startedMs = performance.now()
  const job = members.system.import<typeof import('./index-batch.ts')>(new URL('./index-batch.ts', import.meta.url), {
    idempotent: true,
  })
  const allDead = new AbortController()
  const killer = new Killer(members, options.onKill)
  const died: Death[] = []
  const stopListening = members.onDied((who) => {
    died.push({ ...who, isOurs: killer.victims.has(who.pid) })
    if (members.living().length === 0) allDead.abort()
  })
  const index = new WordIndex()
  const batchesOf = new Map<number, number>()
  const counts = { interrupted: 0, rerun: 0 }
  const onProgress = (progress: MapProgress): void => {
    Object.assign(counts, { interrupted: progress.interrupted, rerun: progress.rerun })
    options.onProgress(progress)
    killer.onProgress(progress)
  }
  try {
    const results = job.indexBatch.map(batches, {
      signal: AbortSignal.any([options.signal, allDead.signal]),
      onProgress,
    })
    for await (const partial of results) {
      index.add(partial)
      batchesOf.set(partial.pid, (batchesOf.get(partial.pid) ?? 0) + 1)
    }
  } catch (error) {
    if (allDead.signal.aborted)
      throw new NoMemberLeft('All members were killed; one must be left to finish.', { cause: error })
    throw error
  } finally {
    stopListening()
  }
  return { index, elapsedMs: performance.now() - startedMs, died, batchesOf, ...counts }
}

/** In this process; it comes up for air after each batch. */
export async function indexAlone(batches: readonly Batch[], options: RunOptions): Promise<Indexing> {
  const startedMs = performance.now()
  const index = new WordIndex()
  for (const [number, batch] of batches.entries()) {
    index.add(indexBatch(batch))
    options.onProgress({ done: number + 1, total: batches.length })
    await setImmediate()
    options.signal.throwIfAborted()
  }
  return { index, elapsedMs: performance.now() - startedMs }
}

export function wasGivenUp(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted && (error === signal.reason || isCardumenError(error, 'cancelled'))
}

/** Kills one member half-way; another one, should it have had no call under way, and so on while one would be left. */
class Killer {
  readonly victims = new Set<number>()
  readonly #members: Members
  readonly #onKill: ((victim: NamedProcess) => void) | undefined

  constructor(members: Members, onKill: ((victim: NamedProcess) => void) | undefined) {
    this.#members = members
    this.#onKill = onKill
  }

  onProgress({ done, total = 0, interrupted }: MapProgress): void {
    if (this.#onKill === undefined || 2 * done < total || done === total || interrupted > 0) return
    const living = this.#members.living()
    const isDying = living.some(({ pid }) => this.victims.has(pid))
    const victim = living.at(-1)
    if (isDying || victim === undefined || living.length < 2 || !kill(victim.pid)) return
    this.victims.add(victim.pid)
    this.#onKill(victim)
  }
}

/** False: somebody else was quicker. */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL')
  } catch {
    return false
  }
}
