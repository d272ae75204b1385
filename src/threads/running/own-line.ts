/**
 * This thread's line to the service thread.
 *
 * It is a file of its own so that a thread that uses nothing of the service does not load what asks it: the bootstrap only
 * puts the port here.
 */
import type { MessagePort } from 'node:worker_threads'

let port: MessagePort | undefined

/** For the bootstrap of a thread. */
export function setOwnPort(own: MessagePort): void {
  port = own
}

/** Undefined on the main thread, and in workers that the program started itself. */
export function ownPort(): MessagePort | undefined {
  return port
}

let isUnpacking = false

/** From whoever may have to unpack a result while it blocks: its thread then loads all classes before it begins. */
export function prepareToUnpack(): void {
  isUnpacking = true
}

export function maySynchronouslyUnpack(): boolean {
  return isUnpacking
}
