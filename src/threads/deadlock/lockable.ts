/**
 * What the policies against deadlock need of a lock, so that each kind of lock fits: `Lock`, `RLock`, or one of the user's.
 */
import type { AsyncWaitOptions, WaitOptions } from '../waiting/wait-options.ts'

export interface Lockable {
  readonly name: string
  acquire(options?: WaitOptions): void
  tryAcquire(): boolean
  acquireAsync(options?: AsyncWaitOptions): Promise<void>
  release(): void
}
