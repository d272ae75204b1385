/**
 * Every kind of thing that threads can share, and what makes it anew in the thread that it came to.
 *
 * Each entry loads its module only where a thing of that kind arrives, so that a thread that is given a lock does not pay
 * for maps and rings. A kind is added by one line here, and by `pack` on its class.
 */
import { remoteKinds } from '../processes/remote-kinds.ts'
import type { Shareable } from './shareable.ts'

/** Makes the thing of what `pack` gave. `state` is what that same class packed, in another thread of this process. */
export type Unpack = (state: never) => Shareable

export const kinds: Readonly<Record<string, () => Promise<Unpack>>> = {
  ...remoteKinds,
  bakeryLock: async () => (await import('../registers/bakery-lock.ts')).unpackBakeryLock,
  barrier: async () => (await import('../waiting/barrier.ts')).unpackBarrier,
  boundedQueue: async () => (await import('../data/bounded-queue.ts')).unpackBoundedQueue,
  boundedSemaphore: async () => (await import('../waiting/bounded-semaphore.ts')).unpackBoundedSemaphore,
  channel: async () => (await import('../processes/channel.ts')).unpackChannel,
  condition: async () => (await import('../waiting/condition.ts')).unpackCondition,
  dekkerLock: async () => (await import('../registers/dekker-lock.ts')).unpackDekkerLock,
  event: async () => (await import('../waiting/event.ts')).unpackEvent,
  fileLock: async () => (await import('../processes/file-lock.ts')).unpackFileLock,
  lock: async () => (await import('../waiting/lock.ts')).unpackLock,
  once: async () => (await import('../waiting/once.ts')).unpackOnce,
  petersonLock: async () => (await import('../registers/peterson-lock.ts')).unpackPetersonLock,
  rLock: async () => (await import('../waiting/reentrant-lock.ts')).unpackRLock,
  registerFile: async () => (await import('../registers/register-file.ts')).unpackRegisterFile,
  resources: async () => (await import('../deadlock/safe-resources.ts')).unpackResourceManager,
  ring: async () => (await import('../data/ring.ts')).unpackRing,
  rwLock: async () => (await import('../waiting/reader-writer-lock.ts')).unpackRWLock,
  semaphore: async () => (await import('../waiting/semaphore.ts')).unpackSemaphore,
  sharedArray: async () => (await import('../data/shared-array.ts')).unpackSharedArray,
  sharedMap: async () => (await import('../data/shared-map.ts')).unpackSharedMap,
  sharedStruct: async () => (await import('../data/struct.ts')).unpackSharedStruct,
  testAndSetLock: async () => (await import('../registers/test-and-set-lock.ts')).unpackTestAndSetLock,
  thread: async () => (await import('../running/thread.ts')).unpackThread,
  threadLocal: async () => (await import('../running/thread-local.ts')).unpackThreadLocal,
  ticketLock: async () => (await import('../registers/ticket-lock.ts')).unpackTicketLock,
}
