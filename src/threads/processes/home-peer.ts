/**
 * One process that uses what lives here: its connection, its threads as parties, and what it has asked for.
 *
 * When the connection closes, the process has died or wants no more: its waits are given up, and what its threads held is
 * recovered as that of any thread that died. Bytes that make no sense end the connection, and nothing else.
 */
import { timingSafeEqual } from 'node:crypto'
import type { Socket } from 'node:net'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { arena } from '../memory/arena.ts'
import { addParty, partyKind, partyState } from '../memory/parties.ts'
import { buryParty } from '../running/dead-party.ts'
import { serve, type Served } from '../travel/remote.ts'
import type { ServedWaitOptions } from '../waiting/wait-options.ts'
import { openWaits, wait, waitRow, writeStack } from '../waiting/waits.ts'
import {
  type Ask,
  asToHome,
  type FromHome,
  homeFrameBytesMax,
  type HomeReference,
  secretLetters,
  settledOperation,
} from './home-messages.ts'
import { MessageReader, writeMessage } from './process-messages.ts'
import { packError } from '../travel/travelling-error.ts'

/** What a connection has for showing the secret. */
const greetingMsMax = 5_000
/** Operations of one process that wait at once; more are refused. */
const askedMax = 8_192
/** While so much waits to be sent to a process that does not read, nothing more is read from it. */
const unsentBytesMax = 1_048_576

export interface Home {
  readonly reference: HomeReference
  exported(number: number): Served | undefined
  report(): unknown
}

/** An operation that waits. */
interface Asked {
  readonly party: number
  readonly ending: AbortController
  readonly settled: Promise<unknown>
}

export class HomePeer {
  readonly #socket: Socket
  readonly #home: Home
  readonly #onGone: () => void
  readonly #reader = new MessageReader(homeFrameBytesMax)
  readonly #greetingTimer: NodeJS.Timeout
  readonly #parties = new Map<number, number>()
  readonly #asked = new Map<number, Asked>()
  #greeting: Buffer | undefined = Buffer.alloc(0)
  #pid = 0

  constructor(socket: Socket, home: Home, onGone: () => void) {
    this.#socket = socket
    this.#home = home
    this.#onGone = onGone
    this.#greetingTimer = setTimeout(() => socket.destroy(), greetingMsMax).unref()
    socket.on('data', (bytes: Buffer) => this.#onBytes(bytes))
    socket.on('drain', () => socket.resume())
    socket.on('error', () => undefined)
    socket.once('close', () => this.#onClose())
  }

  close(): void {
    this.#socket.destroy()
  }

  #onBytes(bytes: Buffer): void {
    try {
      const rest = this.#greeting === undefined ? bytes : this.#greet(this.#greeting, bytes)
      if (rest.length === 0) return
      for (const message of this.#reader.push(rest)) this.#onMessage(message)
    } catch {
      // Bytes that are no messages: there is nothing to be said to such a process.
      this.#socket.destroy()
    }
  }

  /** What follows the secret; nothing while it is not whole. */
  #greet(before: Buffer, bytes: Buffer): Buffer {
    const all = Buffer.concat([before, bytes])
    if (all.length < secretLetters) {
      this.#greeting = all
      return Buffer.alloc(0)
    }
    const isKnown = timingSafeEqual(all.subarray(0, secretLetters), Buffer.from(this.#home.reference.secret))
    if (!isKnown) throw new CardumenError('capability-refused', 'This is not the secret.')
    this.#greeting = undefined
    clearTimeout(this.#greetingTimer)
    return all.subarray(secretLetters)
  }

  #onMessage(content: unknown): void {
    const message = asToHome(content)
    switch (message?.kind) {
      case 'hello':
        this.#pid = message.pid
        return
      case 'ask':
        return this.#onAsk(message)
      case 'give-up':
        return this.#asked.get(message.id)?.ending.abort()
      case 'stack':
        return this.#onStack(message.id, message.stack)
      case 'ended':
        return this.#forget(message.thread)
      case 'report':
        return void this.#answerLater(message.id, Promise.resolve(this.#home.report()))
      case undefined:
        throw new CardumenError('input-refused', 'A process sent a message that is none.')
    }
  }

  #onAsk(ask: Ask): void {
    const ending = new AbortController()
    try {
      const result = this.#carryOut(ask, ending)
      if (!(result instanceof Promise)) return this.#answer({ kind: 'answer', id: ask.id, value: result })
      void this.#answerLater(ask.id, result)
    } catch (error) {
      this.#answer({ kind: 'failure', id: ask.id, error: packError(error) })
    }
  }

  /** What comes of it, or a promise of that. */
  #carryOut(ask: Ask, ending: AbortController): unknown {
    const served = this.#home.exported(ask.number)
    if (served === undefined) throw new CardumenError('closed', 'The process that it lived in knows of no such thing.')
    if (this.#asked.size >= askedMax)
      throw new CardumenError('capacity-reached', `A process waits for ${askedMax} things of another at once.`)
    const party = this.#partyOf(ask)
    if (ask.operation === settledOperation) return this.#settled(party)
    const result = served[serve](party, ask.operation, ask.argument, optionsOf(ask, ending.signal))
    if (result instanceof Promise) this.#asked.set(ask.id, { party, ending, settled: result })
    return result
  }

  async #settled(party: number): Promise<void> {
    const waits = [...this.#asked.values()].filter((asked) => asked.party === party && asked.ending.signal.aborted)
    await Promise.allSettled(waits.map(({ settled }) => settled))
  }

  async #answerLater(id: number, result: Promise<unknown>): Promise<void> {
    let answer: FromHome
    try {
      answer = { kind: 'answer', id, value: await result }
    } catch (error) {
      answer = { kind: 'failure', id, error: packError(error) }
    }
    this.#asked.delete(id)
    this.#answer(answer)
  }

  #answer(answer: FromHome): void {
    if (this.#socket.destroyed) return
    this.#socket.write(this.#written(answer))
    if (this.#socket.writableLength > unsentBytesMax) this.#socket.pause()
  }

  #written(answer: FromHome): Buffer {
    try {
      return writeMessage(answer, 'The result', homeFrameBytesMax)
    } catch (error) {
      const failure: FromHome = { kind: 'failure', id: answer.id, error: packError(error) }
      return writeMessage(failure, 'The error', homeFrameBytesMax)
    }
  }

  #partyOf({ thread, threadName }: Ask): number {
    const known = this.#parties.get(thread)
    if (known !== undefined) return known
    const { remote: kind } = partyKind
    const party = addParty({ name: threadName, kind, state: partyState.running, pid: this.#pid, threadId: thread })
    this.#parties.set(thread, party)
    return party
  }

  /** Only where it is clear which wait it belongs to. */
  #onStack(id: number, stack: string): void {
    const party = this.#asked.get(id)?.party
    const { words } = arena()
    const rows = openWaits().filter((row) => words[waitRow(row) + wait.party] === party)
    if (rows.length === 1) writeStack(rows[0] as number, stack)
  }

  #forget(thread: number): void {
    const party = this.#parties.get(thread)
    if (party === undefined) return
    this.#parties.delete(thread)
    void this.#recover(party)
  }

  /** Its waits go first, so that nothing is granted to it after what it held was taken away. */
  async #recover(party: number): Promise<void> {
    const waits = [...this.#asked.values()].filter((asked) => asked.party === party)
    for (const { ending } of waits) ending.abort()
    await Promise.allSettled(waits.map(({ settled }) => settled))
    buryParty(party, true)
  }

  #onClose(): void {
    clearTimeout(this.#greetingTimer)
    this.#onGone()
    for (const thread of [...this.#parties.keys()]) this.#forget(thread)
  }
}

function optionsOf({ timeoutMs, isBlocking }: Ask, signal: AbortSignal): ServedWaitOptions {
  const options: ServedWaitOptions = { signal, elsewhere: isBlocking ? 'blocks' : 'awaits' }
  return timeoutMs === undefined ? options : { ...options, timeoutMs }
}
