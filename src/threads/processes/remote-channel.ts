/**
 * A channel that lives in another process: each operation is carried out there.
 */
import type { Remote } from '../travel/remote.ts'
import type { Packed } from '../travel/shareable.ts'
import { assertMayBlock } from '../waiting/block.ts'
import type { AsyncWaitOptions, WaitOptions } from '../waiting/wait-options.ts'
import type { ChannelWay } from './channel-way.ts'

/** What does not change, told once. */
interface Facts {
  readonly capacity: number
  readonly messageBytesMax: number
}

export class RemoteChannel implements ChannelWay {
  readonly #remote: Remote
  #facts: Facts | undefined

  constructor(remote: Remote) {
    this.#remote = remote
  }

  get name(): string {
    return this.#remote.name
  }

  get packed(): Packed {
    return this.#remote.packed
  }

  get capacity(): number {
    return this.#told().capacity
  }

  get messageBytesMax(): number {
    return this.#told().messageBytesMax
  }

  get length(): number {
    return this.#remote.askNow('length') as number
  }

  get isClosed(): boolean {
    return this.#remote.askNow('isClosed') as boolean
  }

  trySend(message: Uint8Array): boolean {
    return this.#remote.askNow('trySend', message) as boolean
  }

  send(message: Uint8Array, options: WaitOptions): void {
    assertMayBlock(`Channel.send to "${this.name}"`, 'channel.sendAsync()')
    this.#remote.askBlocking('send', message, options)
  }

  async sendAsync(message: Uint8Array, options: AsyncWaitOptions): Promise<void> {
    await this.#remote.ask('send', message, options)
  }

  tryReceive(): Uint8Array | undefined {
    return this.#remote.askNow('tryReceive') as Uint8Array | undefined
  }

  receive(options: WaitOptions): Uint8Array {
    assertMayBlock(`Channel.receive from "${this.name}"`, 'channel.receiveAsync()')
    return this.#remote.askBlocking('receive', undefined, options) as Uint8Array
  }

  async receiveAsync(options: AsyncWaitOptions): Promise<Uint8Array> {
    return (await this.#remote.ask('receive', undefined, options)) as Uint8Array
  }

  close(): void {
    this.#remote.askNow('close')
  }

  #told(): Facts {
    this.#facts ??= this.#remote.askNow('facts') as Facts
    return this.#facts
  }
}
