/**
 * A program that runs on some member, as its starter sees it.
 *
 * Its two outputs come over one stream. An output that somebody reads holds the program back when the reader is slow,
 * as a pipe does; of one that nobody has begun to read, the latest part is kept and the rest dropped and counted, so
 * that a program never waits for a reader who never comes.
 */
import type { ExitStatus } from '../../edges/processes.ts'
import type { Capability } from '../../kernel/capabilities/capability.ts'
import { defaultTimeoutMs } from '../../kernel/calls/calls.ts'
import type { Client } from '../../kernel/service.ts'
import { concatBytes } from '../../lib/bytes.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { MemberId } from '../../lib/identifiers.ts'
import type { Signal } from '../../lib/signal.ts'
import { fromUtf8, toUtf8 } from '../../lib/text.ts'
import { inputBytesMax, type Process, type signalNames } from './interface.ts'
import { type Asker, untilAnswered } from './until-answered.ts'

export type ProcessClient = Client<(typeof Process)['operations']>
export type ProcessInfo = Awaited<ReturnType<ProcessClient['info']>>
export type SignalName = (typeof signalNames)[number]
export type ProgramInput = string | Uint8Array | AsyncIterable<string | Uint8Array>

export interface ProgramOptions {
  readonly args?: readonly string[]
  /** Added to the environment of the member that runs it. */
  readonly env?: Readonly<Record<string, string>>
  /**
   * What it begins with, as its `system.environment`; nothing else. Default: what this process began with. For a program
   * that is to see the directory, `root` is one of them.
   */
  readonly capabilities?: Readonly<Record<string, Capability>>
  /** Written to its input, which then ends. Left out: the input stays open for `write`. */
  readonly stdin?: ProgramInput
  readonly workingFolder?: string
  /** On this member; else on the one that suits best. */
  readonly on?: string
  /** Kills it, however long it takes until its member can be told; `exit` says when that was. */
  readonly signal?: Signal
  /** True: it goes on when this member is gone. Default false. */
  readonly detached?: boolean
}

/** Output kept of a stream that nobody reads, and held of one that somebody reads slowly. */
export const outputKeptBytesMax = 1_048_576
/** A call about a process that waits for what the process does, has no deadline. */
const waiting = { timeoutMs: Number.POSITIVE_INFINITY } as const
/** Those that leave a program as one would, however many of them arrive. */
const repeatableSignals: ReadonlySet<SignalName> = new Set(['SIGKILL', 'SIGTERM'])

export class ProgramOutput implements AsyncIterable<Uint8Array> {
  /** Bytes that were dropped because nobody had begun to read. */
  droppedBytes = 0
  readonly #chunks: Uint8Array[] = []
  #keptBytes = 0
  #isRead = false
  #end: { readonly error: Error | undefined } | undefined
  #wake: (() => void)[] = []

  /** One reader. Throws what broke the stream, `member-died` for instance. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    this.#isRead = true
    for (;;) {
      const chunk = this.#chunks.shift()
      if (chunk !== undefined) {
        this.#keptBytes -= chunk.length
        this.#changed()
        yield chunk
      } else if (this.#end === undefined) await this.#change()
      else if (this.#end.error !== undefined) throw this.#end.error
      else return
    }
  }

  /** All of it, as UTF-8. @throws CardumenError `output-refused` for bytes that are none. */
  async text(): Promise<string> {
    const chunks: Uint8Array[] = []
    for await (const chunk of this) chunks.push(chunk)
    const bytes = concatBytes(chunks)
    const text = fromUtf8(this.droppedBytes > 0 ? bytes.subarray(firstCharacterOf(bytes)) : bytes)
    if (text === undefined)
      throw new CardumenError('output-refused', 'The output of the program is no UTF-8.', { executed: 'yes' })
    return text
  }

  /** For the program: resolves when there is room for more. */
  async push(chunk: Uint8Array): Promise<void> {
    this.#chunks.push(chunk.slice())
    this.#keptBytes += chunk.length
    this.#changed()
    while (this.#keptBytes > outputKeptBytesMax) {
      if (this.#isRead) await this.#change()
      else this.#dropOldest()
    }
  }

  finish(error: Error | undefined): void {
    this.#end ??= { error }
    this.#changed()
  }

  #dropOldest(): void {
    const oldest = this.#chunks.shift()
    this.#keptBytes -= oldest?.length ?? 0
    this.droppedBytes += oldest?.length ?? 0
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve))
  }

  #changed(): void {
    const waiters = this.#wake
    this.#wake = []
    for (const wake of waiters) wake()
  }
}

/** Where the first whole character begins, after a cut at any byte. */
function firstCharacterOf(bytes: Uint8Array): number {
  const start = bytes.findIndex((byte) => (byte & 0xc0) !== 0x80)
  return Math.max(0, start)
}

export class RemoteProgram {
  readonly capability: Capability
  readonly memberId: MemberId
  readonly stdout = new ProgramOutput()
  readonly stderr = new ProgramOutput()
  /**
   * Its exit status. Fails when nobody can know it any more: its member died (`member-died`, `address-unknown`), this
   * one left, or it was forgotten (`process-unknown`). Waits while its member is only out of reach.
   */
  readonly exit: Promise<ExitStatus>
  readonly #process: ProcessClient
  readonly #asker: Asker

  /** Made by `system.run`. */
  constructor(
    process: ProcessClient,
    of: { readonly capability: Capability; readonly memberId: MemberId },
    { stdin, signal }: ProgramOptions,
    asker: Asker,
  ) {
    this.capability = of.capability
    this.memberId = of.memberId
    this.#process = process
    this.#asker = asker
    this.exit = this.#awaitExit(signal)
    this.exit.catch(() => undefined)
    void this.#readOutput()
    if (stdin !== undefined) this.#feed(stdin).catch(() => undefined)
  }

  info(): Promise<ProcessInfo> {
    return this.#process.info(undefined)
  }

  /** Resolves when the program has room for more. */
  async write(input: string | Uint8Array): Promise<void> {
    for (const chunk of chunksOf(input)) await this.#process.write({ chunk }, waiting)
  }

  endInput(): Promise<void> {
    return this.#process.endInput(undefined)
  }

  /** Stops it where it is; it keeps its memory and uses no processor. */
  suspend(): Promise<void> {
    return this.#process.signal({ name: 'SIGSTOP' })
  }

  resume(): Promise<void> {
    return this.#process.signal({ name: 'SIGCONT' })
  }

  /**
   * Resolves when the signal was given to it, or it has ended. SIGKILL and SIGTERM are sent again until that is known,
   * its member is dead, or the time is up (default 30,000); others once.
   */
  async kill(name: SignalName = 'SIGKILL', { timeoutMs = defaultTimeoutMs } = {}): Promise<void> {
    if (!repeatableSignals.has(name)) return this.#process.signal({ name }, { timeoutMs })
    await untilAnswered(this.#asker, { mayRunTwice: true, timeoutMs }, (options) =>
      this.#process.signal({ name }, options),
    )
  }

  async #awaitExit(signal: Signal | undefined): Promise<ExitStatus> {
    // What keeps it from being killed for good keeps `exit` from being known, which says so.
    const onAbort = (): void => void this.kill('SIGKILL', waiting).catch(() => undefined)
    signal?.addEventListener('abort', onAbort)
    if (signal?.aborted === true) onAbort()
    try {
      const { code, signal: endedBy } = await untilAnswered(this.#asker, { mayRunTwice: true }, (options) =>
        this.#process.wait(undefined, options),
      )
      return { code, signal: endedBy }
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  async #readOutput(): Promise<void> {
    let failure: Error | undefined
    try {
      await untilAnswered(this.#asker, { mayRunTwice: false }, async (options) => {
        for await (const { stream, chunk } of this.#process.output(undefined, options)) await this[stream].push(chunk)
      })
    } catch (error) {
      failure =
        error instanceof Error ? error : new CardumenError('member-died', String(error), { executed: 'unknown' })
    }
    this.stdout.finish(failure)
    this.stderr.finish(failure)
  }

  /** A program may end without reading all of its input; that is its own affair. */
  async #feed(input: ProgramInput): Promise<void> {
    if (typeof input === 'string' || input instanceof Uint8Array) await this.#feedOne(input)
    else for await (const piece of input) await this.#feedOne(piece)
    await untilAnswered(this.#asker, { mayRunTwice: true }, (options) => this.#process.endInput(undefined, options))
  }

  /** One after the other, so that none overtakes one that has to be sent again. */
  async #feedOne(input: string | Uint8Array): Promise<void> {
    for (const chunk of chunksOf(input))
      await untilAnswered(this.#asker, { mayRunTwice: false }, (options) => this.#process.write({ chunk }, options))
  }
}

function chunksOf(input: string | Uint8Array): readonly Uint8Array[] {
  const bytes = typeof input === 'string' ? toUtf8(input) : input
  const count = Math.ceil(bytes.length / inputBytesMax)
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * inputBytesMax, (index + 1) * inputBytesMax))
}
