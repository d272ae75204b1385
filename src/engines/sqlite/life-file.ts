/**
 * How a process lets others know at once that it died, without anybody having to ask again and again.
 *
 * It holds open a file that has been deleted already. When the process dies, however it dies, the kernel closes the file
 * and so removes it at last, and says so (inotify's IN_DELETE_SELF) to whoever watches it through `/proc/N/fd/M`.
 * The notice is no proof: the one who gets it looks at the process itself (`holder-liveness.ts`). Where any of this is
 * not to be had (other systems, an exhausted table of watches), processes look at each other more often instead.
 */
import { randomBytes } from 'node:crypto'
import { closeSync, openSync, unlinkSync, watch, type FSWatcher } from 'node:fs'
import { join } from 'node:path'

/** In place of a handle, where there is none. */
export const noLifeHandle = -1

export function openLifeFile(folder: string): number {
  if (process.platform !== 'linux') return noLifeHandle
  const path = join(folder, `state.life-${randomBytes(8).toString('hex')}`)
  try {
    const handle = openSync(path, 'wx', 0o600)
    unlinkSync(path)
    return handle
  } catch {
    return noLifeHandle
  }
}

export function closeLifeFile(handle: number): void {
  if (handle !== noLifeHandle) closeSync(handle)
}

/** Undefined where no notice can be had. Keeps no process alive. */
export function watchLife(pid: number, handle: number, onSign: () => void): FSWatcher | undefined {
  if (handle === noLifeHandle || process.platform !== 'linux') return undefined
  try {
    const watcher = watch(`/proc/${pid}/fd/${handle}`, { persistent: false }, onSign)
    watcher.on('error', onSign)
    return watcher
  } catch {
    return undefined
  }
}
