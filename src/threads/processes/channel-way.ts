/**
 * What a channel needs of the place where its messages lie: memory of this process (`local-channel.ts`), or another process
 * (`remote-channel.ts`). Messages are bytes here.
 */
import type { AsyncWaitOptions, WaitOptions } from '../waiting/wait-options.ts'

export interface ChannelWay {
  readonly name: string
  readonly capacity: number
  readonly messageBytesMax: number
  readonly length: number
  readonly isClosed: boolean
  /** False: there is no room. */
  trySend(message: Uint8Array): boolean
  send(message: Uint8Array, options: WaitOptions): void
  sendAsync(message: Uint8Array, options: AsyncWaitOptions): Promise<void>
  /** Undefined: there is none. */
  tryReceive(): Uint8Array | undefined
  receive(options: WaitOptions): Uint8Array
  receiveAsync(options: AsyncWaitOptions): Promise<Uint8Array>
  close(): void
}
