/**
 * A prefix of the engine kept in memory: list it, then watch from there; after `compacted`, list again.
 *
 * The follower gets whole listings and single changes in the order of their revisions. It never misses the end of a
 * row: after a new listing it can compare. Used for members and names, which every call needs without an engine read.
 * Only the engine's failures are borne, and counted; anything else that is thrown here is a fault of ours and must stop
 * the member. Until the next listing, what is known may be old.
 */
import type { Change, Engine, Entry } from '../edges/engine.ts'
import type { Clock } from '../edges/clock.ts'
import { isCardumenError } from '../lib/cardumen-error.ts'
import { revision } from '../lib/identifiers.ts'
import { type Signal, signalSource } from '../lib/signal.ts'

export interface Follower {
  /** Everything under the prefix, at first and whenever changes were missed. */
  onListing(entries: readonly Entry[]): void
  onChange(change: Change): void
}

export interface Following {
  /** Up to here the follower has been told everything. */
  revision(): number
  /** How often the engine failed meanwhile. */
  troubles(): number
  close(): Promise<void>
}

const retryMs = 200
const entriesPerListing = 1_000

/** Resolves once the first listing was handed over. */
export async function follow(engine: Engine, clock: Clock, prefix: string, follower: Follower): Promise<Following> {
  const stopper = signalSource()
  const { signal } = stopper
  let troubles = 0
  let from = await listAll(engine, prefix, follower)
  const loop = async (): Promise<void> => {
    for (let isListed = true; !signal.aborted; ) {
      try {
        if (!isListed) from = await listAll(engine, prefix, follower)
        isListed = true
        for await (const batch of engine.watch(prefix, { from: revision(from + 1), signal })) {
          for (const change of batch.changes) follower.onChange(change)
          from = batch.revision
        }
        return
      } catch (error) {
        if (!isCardumenError(error)) throw error
        if (signal.aborted || error.code === 'closed') return
        isListed = false
        if (error.code === 'compacted') continue
        troubles++
        await pause(clock, signal)
      }
    }
  }
  const done = loop()
  return {
    revision: () => from,
    troubles: () => troubles,
    close: async () => {
      stopper.abort()
      await done
    },
  }
}

/** All pages; the revision of the first is where the watch begins, so what changed between pages is seen again. */
async function listAll(engine: Engine, prefix: string, follower: Follower): Promise<number> {
  const first = await engine.list(prefix, { entriesMax: entriesPerListing })
  const entries = [...first.entries]
  for (let page = first; page.more; ) {
    const last = entries.at(-1)
    if (last === undefined) break
    page = await engine.list(prefix, { after: last.key, entriesMax: entriesPerListing })
    entries.push(...page.entries)
  }
  follower.onListing(entries)
  return first.revision
}

/** Cut short by the signal: whoever stops waits for this, and the timer alone keeps no process alive. */
function pause(clock: Clock, signal: Signal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const cancel = clock.after(retryMs, end, { background: true })
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
  })
}
