/**
 * `Channel<T>`: messages from any number of senders to any number of receivers, in threads of this process and in others.
 *
 * A message is copied when it is sent, and each goes to one receiver, in the order in which they were sent. The channel is
 * bounded: who sends to a full one waits. It lives in the process that made it; handed to a `Process`, it is the same channel
 * there, one trip to its home for each operation. What a receiver had taken when it died is gone with it.
 */
import { deserialize, serialize } from 'node:v8'
import { CardumenError, isCardumenError } from '../../lib/cardumen-error.ts'
import type { Unpack } from '../travel/kinds.ts'
import { type Remote, serve, type Served } from '../travel/remote.ts'
import { type Packed, pack, type Shareable } from '../travel/shareable.ts'
import type { AsyncWaitOptions, WaitOptions } from '../waiting/wait-options.ts'
import { LocalChannel, type LocalChannelState, type NewChannel, newLocalChannel } from './local-channel.ts'
import { RemoteChannel } from './remote-channel.ts'
import { checkTravels } from './travelling-value.ts'

export interface ChannelOptions {
  /** For messages of errors, and for `cardumen threads`. */
  readonly name?: string
  /** Messages that wait in it; at least 2, and rounded up to a power of two. Default 64. */
  readonly capacity?: number
  /** Of one message. Memory for `capacity` of them is reserved. Default 16,384. */
  readonly messageBytesMax?: number
}

const capacityDefault = 64
const messageBytesMaxDefault = 16_384

/** Where a channel's messages lie already, for one that came from elsewhere. */
type Origin = LocalChannelState | Remote

export class Channel<Message = unknown> implements Shareable, Served {
  readonly #way: LocalChannel | RemoteChannel

  /** @throws CardumenError `option-invalid`, `capacity-reached` */
  constructor(options: ChannelOptions = {}, origin: Origin = newLocalChannel(complete(options))) {
    this.#way = 'ask' in origin ? new RemoteChannel(origin) : new LocalChannel(origin)
  }

  get name(): string {
    return this.#way.name
  }

  get capacity(): number {
    return this.#way.capacity
  }

  /** Messages that wait in it at this moment. */
  get length(): number {
    return this.#way.length
  }

  get isClosed(): boolean {
    return this.#way.isClosed
  }

  /** False: there is no room now. @throws CardumenError `closed`, `cannot-travel`, `too-large` */
  trySend(message: Message): boolean {
    return this.#way.trySend(this.#written(message))
  }

  /**
   * Blocks this thread until there is room.
   * @throws CardumenError `would-block`, `timed-out`, `interrupted`, `closed`, `cannot-travel`, `too-large`
   */
  send(message: Message, options: WaitOptions = {}): void {
    this.#way.send(this.#written(message), options)
  }

  /** The same for a task that awaits. */
  async sendAsync(message: Message, options: AsyncWaitOptions = {}): Promise<void> {
    await this.#way.sendAsync(this.#written(message), options)
  }

  /** Undefined: there is none now. @throws CardumenError `closed`: and there will be none. */
  tryReceive(): { readonly message: Message } | undefined {
    const bytes = this.#way.tryReceive()
    return bytes === undefined ? undefined : { message: read<Message>(bytes) }
  }

  /**
   * Blocks this thread until there is a message.
   * @throws CardumenError `would-block`, `timed-out`, `interrupted`, `closed`
   */
  receive(options: WaitOptions = {}): Message {
    return read<Message>(this.#way.receive(options))
  }

  /** The same for a task that awaits. */
  async receiveAsync(options: AsyncWaitOptions = {}): Promise<Message> {
    return read<Message>(await this.#way.receiveAsync(options))
  }

  /** All messages until it is closed; in threads that may block. */
  *[Symbol.iterator](): Generator<Message, void> {
    for (;;) {
      const next = orEnd(() => this.receive())
      if (next === undefined) return
      yield next.message
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Message, void> {
    for (;;) {
      try {
        yield await this.receiveAsync()
      } catch (error) {
        if (isCardumenError(error, 'closed')) return
        throw error
      }
    }
  }

  /** Sending fails from now on; what is in it can still be received. Anybody may close it. */
  close(): void {
    this.#way.close()
  }

  [pack](): Packed {
    return this.#way instanceof RemoteChannel ? this.#way.packed : { kind: 'channel', state: this.#way.state }
  }

  [serve](party: number, operation: string, argument: unknown, options: AsyncWaitOptions): unknown {
    if (this.#way instanceof RemoteChannel) throw new CardumenError('operation-unknown', 'It lives in another process.')
    return serveChannel(this.#way, party, operation, argument, options)
  }

  #written(message: Message): Uint8Array {
    checkTravels(message, 'the message')
    return serialize(message)
  }
}

/** What `pack` gave, in another thread. */
export const unpackChannel: Unpack = (state: LocalChannelState) => new Channel({}, state)

function complete({ name, capacity, messageBytesMax }: ChannelOptions): NewChannel {
  return {
    name,
    capacity: capacity ?? capacityDefault,
    messageBytesMax: messageBytesMax ?? messageBytesMaxDefault,
  }
}

function read<Message>(bytes: Uint8Array): Message {
  return deserialize(bytes) as Message
}

function orEnd<Result>(receive: () => Result): { readonly message: Result } | undefined {
  try {
    return { message: receive() }
  } catch (error) {
    if (isCardumenError(error, 'closed')) return undefined
    throw error
  }
}

/** Carries out what a thread of another process asks for. */
function serveChannel(
  channel: LocalChannel,
  party: number,
  operation: string,
  argument: unknown,
  options: AsyncWaitOptions,
): unknown {
  switch (operation) {
    case 'send':
      return channel.sendAsync(bytesOf(argument), options, party)
    case 'trySend':
      return channel.trySend(bytesOf(argument))
    case 'receive':
      return channel.receiveAsync(options, party)
    case 'tryReceive':
      return channel.tryReceive()
    // A message that was received too late goes back, to the end of those that wait.
    case 'giveBack':
      return channel.sendAsync(bytesOf(argument), {}, party)
    case 'facts':
      return { capacity: channel.capacity, messageBytesMax: channel.messageBytesMax }
    case 'length':
      return channel.length
    case 'isClosed':
      return channel.isClosed
    case 'close':
      return channel.close()
    default:
      throw new CardumenError('operation-unknown', `A channel has no operation ${operation}.`)
  }
}

function bytesOf(argument: unknown): Uint8Array {
  if (argument instanceof Uint8Array) return argument
  throw new CardumenError('input-refused', 'A channel takes messages as bytes.')
}
