/**
 * Whether the state file that this process has open is still the one in its folder.
 *
 * A folder that was deleted, or moved away and begun anew, leaves the processes that had it open with a file that nobody
 * else can find: they would go on for ever as a system of their own. So each looks now and then, by the file's number
 * and without opening it, since closing any handle of it would drop SQLite's locks.
 */
import { statSync } from 'node:fs'
import { fileCheckMs } from './bounds.ts'
import { monotonicMs } from './monotonic.ts'
import type { Failure } from './sqlite-failure.ts'

export class OpenFile {
  readonly #path: string
  readonly #opened: string | undefined
  #checkedMs = monotonicMs()

  /** Right after SQLite has opened it. */
  constructor(path: string) {
    this.#path = path
    this.#opened = identityOf(path)
  }

  /** Looks at most once in `fileCheckMs`. In doubt, where the disk gives no answer, it is still the one. */
  isLost(): boolean {
    const nowMs = monotonicMs()
    if (nowMs - this.#checkedMs < fileCheckMs) return false
    this.#checkedMs = nowMs
    try {
      return identityOf(this.#path) !== this.#opened
    } catch {
      return false
    }
  }

  get failure(): Failure {
    return {
      code: 'state-damaged',
      message: `${this.#path} was removed or replaced while it was open`,
      executed: 'unknown',
      hint: 'Stop the members of a system before its state folder is removed; join again to begin a new one.',
    }
  }
}

/** Undefined where there is no such file. */
function identityOf(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false })
  return found && `${found.dev}:${found.ino}`
}
