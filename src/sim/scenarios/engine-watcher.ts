/**
 * A watcher of the engine as a program would write it: it begins at the first revision, and after every failure goes on
 * behind the last one that it has seen. What it saw is kept outside of its member.
 */
import type { Engine } from '../../edges/engine.ts'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { revision } from '../../lib/identifiers.ts'
import type { System } from '../../servers/system.ts'

export interface Seen {
  readonly watcher: string
  /** `revision key value`, in the order in which they came. */
  readonly changes: string[]
  revision: number
}

/** Runs until its member has left. */
export async function watchAll(
  system: System,
  {
    engine,
    prefix,
    seen,
    textOf,
  }: { engine: Engine; prefix: string; seen: Seen; textOf: (value: Uint8Array) => string },
): Promise<void> {
  let isOver = false
  void system.ended.then(() => {
    isOver = true
  })
  while (!isOver) {
    try {
      for await (const batch of engine.watch(prefix, { from: revision(seen.revision + 1) })) {
        seen.revision = batch.revision
        for (const change of batch.changes) {
          const value = change.kind === 'put' ? textOf(change.value) : 'deleted'
          seen.changes.push(`${batch.revision} ${change.key} ${value}`)
        }
      }
    } catch (error) {
      if (!isCardumenError(error)) throw error
      if (error.code === 'closed') return
      await system.sleep(100)
    }
  }
}
