/**
 * Messages between threads in user space, in their order: with room for some, or hand to hand (Hoare, 1978).
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { Parking, UserThread, Waiting } from './user-thread.ts'

const capacityMax = 1_000_000

interface Sender<Message> {
  readonly thread: UserThread<unknown>
  readonly message: Message
}

interface Receiver<Message> {
  readonly thread: UserThread<unknown>
  given: { readonly message: Message } | undefined
}

export class UserChannel<Message> {
  readonly name: string
  readonly #capacity: number
  readonly #parking: Parking
  readonly #messages: Message[] = []
  readonly #senders: Sender<Message>[] = []
  readonly #receivers: Receiver<Message>[] = []
  #isClosed = false

  constructor(capacity: number, name: string, parking: Parking) {
    if (!Number.isInteger(capacity) || capacity < 0 || capacity > capacityMax)
      throw new CardumenError('option-invalid', `A channel holds 0 to ${capacityMax} messages, not ${capacity}.`)
    this.name = name
    this.#capacity = capacity
    this.#parking = parking
  }

  /** `yield* channel.send(message)`. @throws CardumenError `closed`. */
  *send(message: Message): Waiting<void> {
    const thread = this.#parking.current()
    if (this.#isClosed) throw this.#closed()
    const receiver = takeWhoseThreadLives(this.#receivers)
    if (receiver !== undefined) {
      receiver.given = { message }
      return this.#parking.wake(receiver.thread)
    }
    if (this.#messages.length < this.#capacity) {
      this.#messages.push(message)
      return
    }
    this.#senders.push({ thread, message })
    yield* this.#parking.park(() => `room in the channel "${this.name}"`)
  }

  /** `yield* channel.receive()`. @throws CardumenError `closed`, when all that was sent has been received. */
  *receive(): Waiting<Message> {
    const thread = this.#parking.current()
    const isFull = this.#messages.length > 0
    const first = this.#messages.shift()
    const sender = takeWhoseThreadLives(this.#senders)
    if (sender !== undefined) {
      this.#parking.wake(sender.thread)
      if (!isFull) return sender.message
      this.#messages.push(sender.message)
    }
    if (isFull) return first as Message
    if (this.#isClosed) throw this.#closed()
    const receiver: Receiver<Message> = { thread, given: undefined }
    this.#receivers.push(receiver)
    yield* this.#parking.park(() => `a message of the channel "${this.name}"`)
    if (receiver.given === undefined) throw this.#closed()
    return receiver.given.message
  }

  /** Nothing more is sent; what waits to be received stays. Senders that wait fail. */
  close(): void {
    this.#isClosed = true
    for (const { thread } of this.#senders.splice(0)) this.#parking.wake(thread, this.#closed())
    for (const { thread } of this.#receivers.splice(0)) this.#parking.wake(thread, this.#closed())
  }

  #closed(): CardumenError {
    return new CardumenError('closed', `The channel "${this.name}" is closed.`)
  }
}

/** A deadlock ends threads where they wait. */
function takeWhoseThreadLives<Party extends { readonly thread: UserThread<unknown> }>(
  waiting: Party[],
): Party | undefined {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) if (next.thread.isAlive) return next
  return undefined
}
