/**
 * A process of its own: a function of a module, run in an address space that it shares with nobody.
 *
 * It is a Node of the same version that imports the module, calls the function and ends as a Node program does, when nothing
 * keeps it alive any more; `join` gives what the function gave. What it does to itself (an endless loop, a crash, all memory
 * taken) harms no other process. It does not outlive the process that started it, however that ends: a thread of it watches
 * a socket whose other end its parent holds (`parent-watch-main.ts`).
 *
 * The handle stays where it was made: it cannot be handed to a thread or another process.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { constants } from 'node:os'
import process from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { compileCacheFolder } from '../../host/compile-cache.ts'
import { siblingModule } from '../../host/sibling-module.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { AsyncWaitOptions } from '../waiting/wait-options.ts'
import { within } from './deadline.ts'
import { inheritedArguments } from './node-arguments.ts'
import { exportShared, packForProcess } from './process-arguments.ts'
import { MessageReader, writeMessage } from './process-messages.ts'
import type { Notice, Order } from './process-messages.ts'
import { packError, unpackError } from '../travel/travelling-error.ts'

export interface ProcessOptions {
  /** For people: in `currentProcess().name`, in errors, in the operating system's list. */
  readonly name?: string
  /** Plain data is copied. Locks and the like stay the same things: they live here, and work there. */
  readonly args?: readonly unknown[]
  /** Its parent does not wait for it, but takes it along when it ends. */
  readonly daemon?: boolean
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>
  readonly workingFolder?: string
}

const signalNumbers: Readonly<Record<string, number | undefined>> = constants.signals
let startedCount = 0

interface ProcessEnd {
  readonly code: number | null
  readonly signal: string | null
}

export class Process<Result = unknown> {
  readonly name: string
  readonly daemon: boolean
  readonly #order: Order
  readonly #env: Readonly<Record<string, string>>
  readonly #workingFolder: string | undefined
  readonly #ended = Promise.withResolvers<void>()
  #child: ChildProcess | undefined
  #lastWord: Notice | undefined
  #exit: ProcessEnd | undefined
  #joining = 0
  #isEndWanted = false

  /**
   * Starts nothing yet.
   * @param module - its URL or path, such as `new URL('./work.ts', import.meta.url)`.
   * @param functionName - the export to call; it may be async.
   * @throws CardumenError `cannot-travel` for arguments that cannot be copied to another process.
   */
  constructor(module: URL | string, functionName: string, options: ProcessOptions = {}) {
    this.name = options.name ?? `process ${++startedCount}`
    this.daemon = options.daemon ?? false
    const args = packForProcess(options.args ?? [], functionName)
    this.#order = { name: this.name, module: addressOf(module), functionName, args }
    this.#env = options.env ?? {}
    this.#workingFolder = options.workingFolder
  }

  /**
   * Returns when the operating system has made the process; that its function cannot be found is told by `join`.
   * @throws CardumenError `thread-state` when it was started before, `process-failed` when it cannot be, `option-invalid`, `too-large`
   */
  start(): void {
    if (this.#child !== undefined)
      throw new CardumenError('thread-state', `${this.#title} was started already.`, {
        hint: 'A process runs once; make another one.',
      })
    const order = this.#order.args.shared.length === 0 ? writeMessage(this.#order, 'The arguments') : undefined
    const child = this.#spawned()
    child.on('error', () => undefined)
    if (child.pid === undefined) throw this.#unstartable()
    this.#child = child
    if (this.daemon) child.unref()
    void this.#follow(child, order)
  }

  /** Undefined before the start. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Undefined until it has ended; of one that a signal ended, the signal's number below zero. */
  get exitCode(): number | undefined {
    if (this.#exit === undefined) return undefined
    const { code, signal } = this.#exit
    return code ?? -(signalNumbers[signal ?? ''] ?? 0)
  }

  /** The signal that ended it, if one did. */
  get signal(): string | undefined {
    return this.#exit?.signal ?? undefined
  }

  get isAlive(): boolean {
    return this.#child !== undefined && this.#exit === undefined
  }

  /**
   * Waits until it has ended, and gives what its function gave.
   * @throws CardumenError `thread-failed` (the function threw: `cause`), `thread-exited` (it ended otherwise),
   *   `module-failed`, `function-unknown`, `cannot-travel` (its result), `timed-out` and `cancelled` (it goes on),
   *   `thread-state` (not started)
   */
  async join(options: AsyncWaitOptions = {}): Promise<Result> {
    const child = this.#child
    if (child === undefined) throw new CardumenError('thread-state', `${this.#title} was not started.`)
    this.#joining++
    if (this.#exit === undefined) child.ref()
    try {
      await within(this.#ended.promise, `${this.#title} to end`, options)
      return this.#outcome()
    } finally {
      if (--this.#joining === 0 && this.daemon) child.unref()
    }
  }

  /** Asks it to end (SIGTERM). Does nothing to one that has ended. */
  terminate(): void {
    this.#send('SIGTERM')
  }

  /** Ends it (SIGKILL), even where it is stopped or hears nothing. */
  kill(): void {
    this.#send('SIGKILL')
  }

  /** Ends it where it still runs, and waits for that. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child === undefined) return
    this.kill()
    await this.#ended.promise
  }

  get #title(): string {
    return `process "${this.name}"${this.pid === undefined ? '' : ` (pid ${this.pid})`}`
  }

  #commandLine(): string[] {
    return [
      ...inheritedArguments(process.execArgv),
      fileURLToPath(siblingModule(import.meta.url, 'process-main')),
      this.name,
    ]
  }

  #spawned(): ChildProcess {
    try {
      return spawn(process.execPath, this.#commandLine(), {
        stdio: ['ignore', 'inherit', 'inherit', 'pipe', 'pipe'],
        env: { NODE_COMPILE_CACHE: compileCacheFolder(), ...process.env, ...this.#env },
        cwd: this.#workingFolder,
        windowsHide: true,
      })
    } catch (cause) {
      // The system said no; or there is a zero byte in the name, in the folder or in the environment.
      if (cause instanceof Error && 'syscall' in cause) throw this.#unstartable(cause)
      throw new CardumenError('option-invalid', `A process cannot be started like that: ${String(cause)}`, { cause })
    }
  }

  #send(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (this.#child === undefined) throw new CardumenError('thread-state', `${this.#title} was not started.`)
    if (this.#exit !== undefined) return
    this.#isEndWanted = true
    this.#child.kill(signal)
  }

  #unstartable(cause?: Error): CardumenError {
    const where = this.#workingFolder === undefined ? '' : ` in ${this.#workingFolder}`
    const why = cause === undefined ? '' : `: ${cause.message}`
    return new CardumenError('process-failed', `${this.#title.slice(0, 200)} could not be started${where}${why}.`, {
      cause,
      hint: 'Is its working folder there, and has the system room for another process?',
    })
  }

  async #follow(child: ChildProcess, order: Buffer | undefined): Promise<void> {
    const [lifeline, channel] = [child.stdio[3] as Socket, child.stdio[4] as Socket]
    for (const socket of [lifeline, channel]) {
      socket.unref()
      // What a child that is gone was still to get is lost with it.
      socket.on('error', () => undefined)
    }
    if (order === undefined) void this.#exportAndOrder(child, channel)
    else channel.write(order)
    const heard = this.#listen(channel)
    const exit = await endOf(child)
    channel.ref()
    await heard
    lifeline.destroy()
    this.#exit = exit
    this.#reportIfUnheard()
    this.#ended.resolve()
  }

  /** What is shared in the arguments gets a home first. */
  async #exportAndOrder(child: ChildProcess, channel: Socket): Promise<void> {
    try {
      const args = await exportShared(this.#order.args)
      channel.write(writeMessage({ ...this.#order, args }, 'The arguments'))
    } catch (error) {
      const { code } = error instanceof CardumenError ? error : { code: 'process-failed' as const }
      this.#lastWord = { kind: 'refused', code, error: packError(error) }
      child.kill('SIGKILL')
    }
  }

  /** Resolves when the child's end is closed, which it is when the child has ended. */
  #listen(channel: Socket): Promise<void> {
    const reader = new MessageReader()
    channel.on('data', (chunk: Buffer) => {
      try {
        for (const notice of reader.push(chunk)) this.#lastWord = notice as Notice
      } catch (error) {
        channel.destroy(error as Error)
      }
    })
    return new Promise((settle) => channel.once('close', () => settle()))
  }

  #outcome(): Result {
    const word = this.#lastWord
    switch (word?.kind) {
      case 'returned':
        return word.value as Result
      case 'threw':
      case 'unhandled':
        throw this.#failed(unpackError(word.error))
      case 'refused':
        throw new CardumenError(word.code, `${this.#title}: ${word.error.message}`, { cause: unpackError(word.error) })
      case undefined:
        throw this.#exited()
    }
  }

  #failed(cause: Error): CardumenError {
    const text = `${this.#title} ended with an error: ${cause.message}`
    return new CardumenError('thread-failed', text, { executed: 'yes', cause })
  }

  #exited(): CardumenError {
    const how = this.signal === undefined ? `with exit code ${this.exitCode}` : `by ${this.signal}`
    const text = `${this.#title} ended ${how} before its function had returned.`
    return new CardumenError('thread-exited', text, { executed: 'unknown' })
  }

  /** An error that nobody waits for would be lost without a word. One that nobody caught, the child itself has told. */
  #reportIfUnheard(): void {
    const word = this.#lastWord
    if (this.#joining > 0 || this.#isEndWanted || (word?.kind !== 'threw' && word?.kind !== 'refused')) return
    const text = word.error.stack ?? `${word.error.name}: ${word.error.message}`
    process.stderr.write(`cardumen: ${this.#title} ended with an error that nobody waited for:\n${text}\n`)
  }
}

function addressOf(module: URL | string): string {
  return typeof module === 'string' && !URL.canParse(module) ? pathToFileURL(module).href : String(module)
}

/** Not by Node's `once`, which fails where a signal could not be sent. */
function endOf(child: ChildProcess): Promise<ProcessEnd> {
  return new Promise((settle) => child.once('exit', (code, signal) => settle({ code, signal })))
}
