/**
 * The way from this process to the home of things that it uses: one connection to each home, kept in the service thread.
 *
 * An answer that nobody waits for any more may still say that something was granted; then it is undone at once, so that who
 * gives up need not wait for a home that is slow or stopped. A connection that breaks is a home that died: all that was asked
 * of it fails, and so does all that comes later.
 */
import { connect, type Socket } from 'node:net'
import process from 'node:process'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { type Ask, type FromHome, homeFrameBytesMax, type HomeReference, type ToHome } from './home-messages.ts'
import { MessageReader, writeMessage } from './process-messages.ts'
import { unpackError } from '../travel/travelling-error.ts'

/** Operations that wait for one home at once. */
const pendingMax = 8_192
/** Bytes on their way to a home that does not read them; then nothing more is asked of it. */
const unsentBytesMax = 64 * 1_048_576

interface Operation {
  readonly operation: string
  readonly argument: unknown
}

/** Of the lock of a condition, operations have a prefix. */
const lockPrefix = 'lock.'

/** How an operation is undone that was granted when nobody waited for it any more; the others change nothing. */
const inverses: Readonly<Record<string, (argument: unknown, value: unknown) => Operation | undefined>> = {
  acquire: (argument) => ({ operation: 'release', argument }),
  [`${lockPrefix}acquire`]: () => ({ operation: `${lockPrefix}release`, argument: undefined }),
  tryAcquire: (argument, value) => (value === true ? { operation: 'release', argument } : undefined),
  acquireRead: (argument) => ({ operation: 'releaseRead', argument }),
  tryAcquireRead: (argument, value) => (value === true ? { operation: 'releaseRead', argument } : undefined),
  acquireWrite: (argument) => ({ operation: 'releaseWrite', argument }),
  tryAcquireWrite: (argument, value) => (value === true ? { operation: 'releaseWrite', argument } : undefined),
  claim: (_, value) => ({ operation: 'leave', argument: { client: value } }),
  request: (argument) => ({ operation: 'release', argument }),
  begin: (_, value) => (value === true ? { operation: 'end', argument: false } : undefined),
  receive: (_, value) => ({ operation: 'giveBack', argument: value }),
  tryReceive: (_, value) => (value === undefined ? undefined : { operation: 'giveBack', argument: value }),
}

interface Pending {
  readonly ask: Ask
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
  isGivenUp: boolean
}

export class HomeLink {
  readonly reference: HomeReference
  readonly #socket: Socket
  readonly #reader = new MessageReader(homeFrameBytesMax)
  readonly #pending = new Map<number, Pending>()
  #nextId = 1
  #loss: CardumenError | undefined
  /** Of a connection that never came about. */
  #refusal: NodeJS.ErrnoException | undefined

  constructor(reference: HomeReference) {
    this.reference = reference
    this.#socket = connect(reference.socketPath)
    this.#socket.unref()
    this.#socket.on('data', (bytes: Buffer) => this.#onBytes(bytes))
    const onRefusal = (error: NodeJS.ErrnoException): void => {
      // Refused, where the socket's file is: nobody lives there any more.
      if (error.code !== 'ECONNREFUSED') this.#refusal = error
    }
    this.#socket.once('error', onRefusal)
    this.#socket.once('connect', () => this.#socket.off('error', onRefusal))
    this.#socket.on('error', () => undefined)
    this.#socket.once('close', () => this.#onClose())
    this.#socket.write(reference.secret)
    this.#say({ kind: 'hello', pid: process.pid })
  }

  /**
   * Has an operation carried out at the home.
   * @throws CardumenError `home-lost`, `cancelled`, `capacity-reached`, `try-again`; what the operation throws
   */
  ask(what: Omit<Ask, 'kind' | 'id'>, signal: AbortSignal | undefined): Promise<unknown> {
    if (this.#loss !== undefined) return Promise.reject(this.#loss)
    if (this.#pending.size >= pendingMax)
      return Promise.reject(
        new CardumenError('capacity-reached', `${pendingMax} operations wait for one other process.`),
      )
    if (this.#socket.writableLength > unsentBytesMax)
      return Promise.reject(
        new CardumenError('try-again', `Process ${this.reference.pid} reads nothing of what it is asked.`),
      )
    const ask: Ask = { ...what, kind: 'ask', id: this.#nextId++ }
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const pending: Pending = { ask, resolve, reject, isGivenUp: false }
    this.#say(ask)
    this.#pending.set(ask.id, pending)
    if (signal === undefined) return promise
    const onAbort = (): void => this.#giveUp(pending)
    signal.addEventListener('abort', onAbort, { once: true })
    return promise.finally(() => signal.removeEventListener('abort', onAbort))
  }

  /** Where those of a thread stand whose answer is long in coming. */
  tellStack(thread: number, stack: string): void {
    for (const { ask, isGivenUp } of this.#pending.values())
      if (ask.thread === thread && !isGivenUp) this.#say({ kind: 'stack', id: ask.id, stack })
  }

  tellEnded(thread: number): void {
    this.#say({ kind: 'ended', thread })
  }

  close(): void {
    this.#socket.destroy()
  }

  #giveUp(pending: Pending): void {
    if (pending.isGivenUp) return
    pending.isGivenUp = true
    this.#say({ kind: 'give-up', id: pending.ask.id })
    pending.reject(new CardumenError('cancelled', `${pending.ask.operation} was given up.`))
  }

  #say(message: ToHome): void {
    if (!this.#socket.destroyed) this.#socket.write(writeMessage(message, 'The argument', homeFrameBytesMax))
  }

  #onBytes(bytes: Buffer): void {
    try {
      for (const message of this.#reader.push(bytes)) this.#onAnswer(message as FromHome)
    } catch {
      // A home that sends what is no answer is none.
      this.#socket.destroy()
    }
  }

  #onAnswer(answer: FromHome): void {
    const pending = this.#pending.get(answer.id)
    if (pending === undefined) return
    this.#pending.delete(answer.id)
    if (pending.isGivenUp) {
      if (answer.kind === 'answer') this.#undo(pending.ask, answer.value)
    } else if (answer.kind === 'answer') pending.resolve(answer.value)
    else pending.reject(unpackError(answer.error))
  }

  #undo(ask: Ask, value: unknown): void {
    const inverse = inverses[ask.operation]?.(ask.argument, value)
    if (inverse === undefined) return
    this.ask({ ...ask, ...inverse, timeoutMs: undefined }, undefined).catch(() => undefined)
  }

  #onClose(): void {
    this.#loss = this.#refusal === undefined ? lost(this.reference) : unreachable(this.reference, this.#refusal)
    for (const { reject } of this.#pending.values()) reject(this.#loss)
    this.#pending.clear()
  }
}

function lost({ pid }: HomeReference): CardumenError {
  return new CardumenError('home-lost', `Process ${pid}, in which it lived, has died.`, {
    hint: 'Make it anew in a process that lives; what it protected may be half changed.',
  })
}

function unreachable({ pid, socketPath }: HomeReference, cause: NodeJS.ErrnoException): CardumenError {
  const text = `Process ${pid}, in which it lives, cannot be reached: ${cause.code ?? cause.message} at ${socketPath}.`
  return new CardumenError('home-lost', text, {
    cause,
    hint: 'It has died, or somebody has removed its socket. Make it anew in a process that lives.',
  })
}
