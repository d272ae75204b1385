/**
 * A prefix of the engine kept in memory: list it, then watch from there; after `compacted`, list again.
 *
 * The follower gets whole listings and single changes in the order of their revisions. It never misses the end of a
 * row: after a new listing it can compare. Used for members and names, which every call needs without an engine read.
 * Only the engine's failures are borne; anything else that is thrown here is a fault of ours and must stop the member.
 */
import type { Change, Engine, Entry } from '../edges/engine.ts'
import type { Clock } from '../edges/clock.ts'
import { isCardumenError } from '../lib/cardumen-error.ts'
import { revision } from '../lib/identifiers.ts'
import { signalSource } from '../lib/signal.ts'

export interface Follower {
  /** Everything under the prefix, at first and whenever changes were missed. */
  onListing(entries: readonly Entry[]): void
  onChange(change: Change): void
  /** The engine failed; the listing may be old until the next one. */
  onTrouble?(error: unknown): void
}

export interface Following {
  /** Up to here the follower has been told everything. */
  revision(): number
  close(): Promise<void>
}

const retryMs = 200
const entriesPerListing = 1_000

/** Resolves once the first listing was handed over. */
export async function follow(engine: Engine, clock: Clock, prefix: string, follower: Follower): Promise<Following> {
  const stopper = signalSource()
  let from = await listAll(engine, prefix, follower)
  const loop = async (): Promise<void> => {
    while (!stopper.signal.aborted) {
      try {
        for await (const batch of engine.watch(prefix, { from: revision(from + 1), signal: stopper.signal })) {
          for (const change of batch.changes) follower.onChange(change)
          from = batch.revision
        }
        return
      } catch (error) {
        if (!isCardumenError(error)) throw error
        if (stopper.signal.aborted || error.code === 'closed') return
        if (error.code !== 'compacted') {
          follower.onTrouble?.(error)
          await pause(clock)
        }
        from = await relist(engine, clock, prefix, follower, from)
      }
    }
  }
  const done = loop()
  return {
    revision: () => from,
    close: async () => {
      stopper.abort()
      await done
    },
  }
}

async function relist(engine: Engine, clock: Clock, prefix: string, follower: Follower, from: number): Promise<number> {
  try {
    return await listAll(engine, prefix, follower)
  } catch (error) {
    if (!isCardumenError(error)) throw error
    follower.onTrouble?.(error)
    await pause(clock)
    return from
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

function pause(clock: Clock): Promise<void> {
  return new Promise((resolve) => clock.after(retryMs, resolve, { background: true }))
}
