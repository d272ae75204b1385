/**
 * The messages of a channel that lives in this process: a bounded queue in shared memory, and two rows in the table of
 * primitives, one for those who wait for a message and one for those who wait for room.
 *
 * The queue needs no lock. Who finds it empty raises a flag, looks once more, and sleeps on its own wait; who has put
 * something in lowers the flag and wakes the first that waits. So nobody pays for waking where nobody waits, and the deadlock
 * detector sees who waits for messages.
 */
import { arena } from '../memory/arena.ts'
import { self } from '../memory/parties.ts'
import {
  addPrimitive,
  type Place,
  primitive,
  primitiveName,
  primitiveRow,
  publishPrimitive,
  removePrimitive,
} from '../memory/primitives.ts'
import { BoundedQueue, unpackBoundedQueue } from '../data/bounded-queue.ts'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { pack } from '../travel/shareable.ts'
import { assertMayBlock, block, blockAsync, type Waiting } from '../waiting/block.ts'
import type { AsyncWaitOptions, WaitOptions } from '../waiting/wait-options.ts'
import { raiseAll, raising, wakeFirst } from '../waiting/waits.ts'
import type { ChannelWay } from './channel-way.ts'

/** Of either row: 1: somebody may wait. */
const flag = primitive.own

export interface LocalChannelState {
  /** Those who wait for a message. */
  readonly items: Place
  /** Those who wait for room. */
  readonly room: Place
  readonly messageBytesMax: number
  /** What the queue travels as. */
  readonly queue: unknown
}

export interface NewChannel {
  readonly name: string | undefined
  readonly capacity: number
  readonly messageBytesMax: number
}

/** @throws CardumenError `capacity-reached`, `option-invalid` */
export function newLocalChannel({ name, capacity, messageBytesMax }: NewChannel): LocalChannelState {
  const queue = BoundedQueue.ofBytes(messageBytesMax, { capacity })
  const items = addPrimitive('channel', name)
  const room = addPrimitive('channel', `room in ${primitiveName(items.index)}`)
  for (const place of [items, room]) publishPrimitive(place, 'channel')
  return { items, room, messageBytesMax, queue: queue[pack]().state }
}

export class LocalChannel implements ChannelWay {
  readonly state: LocalChannelState
  readonly #queue: BoundedQueue<Uint8Array>

  constructor(state: LocalChannelState) {
    this.state = state
    this.#queue = unpackBoundedQueue(state.queue as never) as BoundedQueue<Uint8Array>
  }

  get name(): string {
    return primitiveName(this.state.items.index)
  }

  get capacity(): number {
    return this.#queue.capacity
  }

  get messageBytesMax(): number {
    return this.state.messageBytesMax
  }

  get length(): number {
    return this.#queue.size
  }

  get isClosed(): boolean {
    return this.#queue.isClosed
  }

  trySend(message: Uint8Array): boolean {
    if (!this.#queue.tryPut(message)) return false
    wakeFlagged(this.state.items)
    return true
  }

  send(message: Uint8Array, options: WaitOptions): void {
    if (this.trySend(message)) return
    assertMayBlock(`Channel.send to "${this.name}"`, 'channel.sendAsync()')
    block(self(), this.#sending(message), options)
  }

  sendAsync(message: Uint8Array, options: AsyncWaitOptions, party = self()): Promise<void> {
    return blockAsync(party, this.#sending(message), options)
  }

  tryReceive(): Uint8Array | undefined {
    const message = this.#take()
    if (message !== undefined) wakeFlagged(this.state.room)
    return message
  }

  receive(options: WaitOptions): Uint8Array {
    const message = this.tryReceive()
    if (message !== undefined) return message
    assertMayBlock(`Channel.receive from "${this.name}"`, 'channel.receiveAsync()')
    const [receiving, received] = this.#receiving()
    block(self(), receiving, options)
    return received()
  }

  async receiveAsync(options: AsyncWaitOptions, party = self()): Promise<Uint8Array> {
    const [receiving, received] = this.#receiving()
    await blockAsync(party, receiving, options)
    return received()
  }

  close(): void {
    if (this.isClosed) return
    this.#queue.close()
    raiseAll(this.state.room.index, raising.closed)
    raiseAll(this.state.items.index, raising.closed)
    if (this.#queue.size === 0) this.#giveRowsBack()
  }

  /** Only when there is nothing to be had any more: until then receivers may still come. */
  #giveRowsBack(): void {
    for (const place of [this.state.items, this.state.room]) removePrimitive(place)
  }

  #take(): Uint8Array | undefined {
    try {
      return this.#queue.tryTake()
    } catch (error) {
      if (isCardumenError(error, 'closed')) this.#giveRowsBack()
      throw error
    }
  }

  #sending(message: Uint8Array): Waiting {
    const { room } = this.state
    const attempt = (): boolean => this.trySend(message)
    return { primitive: room.index, what: `room in channel "${this.name}"`, attempt: flagging(room, attempt) }
  }

  /** What to wait for, and what came. */
  #receiving(): readonly [Waiting, () => Uint8Array] {
    const { items } = this.state
    let message: Uint8Array | undefined
    const attempt = (): boolean => (message = this.tryReceive()) !== undefined
    const waiting = {
      primitive: items.index,
      what: `a message of channel "${this.name}"`,
      attempt: flagging(items, attempt),
    }
    return [waiting, () => message as Uint8Array]
  }
}

/** An attempt that raises the flag before it fails, and looks again, lest what came in between be missed. */
function flagging(place: Place, attempt: () => boolean): () => boolean {
  return () => {
    if (attempt()) return true
    Atomics.store(arena().words, primitiveRow(place.index) + flag, 1)
    return attempt()
  }
}

/** The flag is lowered before anybody is looked for: who raises it afterwards is not missed by the next one. */
function wakeFlagged(place: Place): void {
  const { words } = arena()
  const at = primitiveRow(place.index) + flag
  if (Atomics.load(words, at) === 0 || Atomics.exchange(words, at, 0) === 0) return
  if (wakeFirst(place.index)) Atomics.store(words, at, 1)
}
