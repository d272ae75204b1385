/**
 * A result whose buffers go to the caller themselves, and not as copies.
 *
 * Only the function that made a buffer knows that nobody else needs it, so it says so; the buffer is empty on its side
 * afterwards.
 */
import type { Transferable } from 'node:worker_threads'

export class HandedOver<Value> {
  readonly value: Value
  readonly transfer: readonly Transferable[]

  constructor(value: Value, transfer: readonly Transferable[]) {
    this.value = value
    this.transfer = transfer
  }
}

/** For the end of a function that a pool runs: `return handOver(pixels, [pixels.buffer])`; the caller gets `pixels`. */
export function handOver<Value>(value: Value, transfer: readonly Transferable[]): HandedOver<Value> {
  return new HandedOver(value, transfer)
}
