/**
 * A child process that answers typed requests over its IPC channel.
 *
 * The bench measures in processes of their own, so that no contender shares a heap or compiled code with
 * another, and steers them by this small request and answer. `Remote` is the asking side; `answer` (answer.ts)
 * is the other. Every request has a deadline, and a child that dies fails what it was asked.
 * A child ends by itself as soon as its channel closes: an interrupted bench leaves nothing behind.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const REQUEST_TIMEOUT_MS = 120_000
const EXIT_TIMEOUT_MS = 5_000

/** What a child offers: named methods of one argument, whose values travel as structured clones. */
export type Methods = Readonly<Record<string, (argument: never) => unknown>>

export type Reply = { readonly id: number; readonly value?: unknown; readonly error?: string }

export interface ChildOptions {
  /** Run the child, and all that it starts, on this core alone. */
  readonly core?: number | undefined
  readonly environment?: Readonly<Record<string, string>>
}

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
  readonly deadline: NodeJS.Timeout
}

export class Remote<M extends Methods> {
  readonly #child: ChildProcess
  readonly #label: string
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0

  constructor(module: URL, argument: unknown, options: ChildOptions = {}) {
    const script = fileURLToPath(module)
    this.#label = script
    const node = [process.execPath, ...process.execArgv, script, JSON.stringify(argument)]
    const [command = '', ...rest] = options.core === undefined ? node : ['taskset', '-c', String(options.core), ...node]
    this.#child = spawn(command, rest, {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      serialization: 'advanced',
      env: { ...process.env, ...options.environment },
    })
    this.#child.on('message', (reply: Reply) => this.#onReply(reply))
    this.#child.on('error', (error) => this.#failAll(error))
    this.#child.on('exit', (code, signal) => this.#failAll(new Error(`${script} ended (${signal ?? code})`)))
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.#label} did not start`)
    return this.#child.pid
  }

  /** Asks the child; rejects with its error, at its death, or after `timeoutMs`. */
  request<K extends keyof M & string>(
    method: K,
    argument: Parameters<M[K]>[0],
    timeoutMs: number = REQUEST_TIMEOUT_MS,
  ): Promise<Awaited<ReturnType<M[K]>>> {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => {
        this.#waiting.delete(id)
        reject(new Error(`${this.#label} gave no answer to "${method}" within ${timeoutMs} ms`))
      }, timeoutMs)
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject, deadline })
      this.#child.send({ id, method, argument }, (error) => error && this.#failAll(error))
    })
  }

  /** Lets the child end by closing its channel, and kills it if it does not. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined) return
    const ended = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()))
    const deadline = setTimeout(() => this.#child.kill('SIGKILL'), EXIT_TIMEOUT_MS)
    if (this.#child.connected) this.#child.disconnect()
    await ended
    clearTimeout(deadline)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #onReply(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id)
    if (waiting === undefined) return
    this.#waiting.delete(reply.id)
    clearTimeout(waiting.deadline)
    if (reply.error === undefined) waiting.resolve(reply.value)
    else waiting.reject(new Error(reply.error))
  }

  #failAll(error: Error): void {
    for (const waiting of this.#waiting.values()) {
      clearTimeout(waiting.deadline)
      waiting.reject(error)
    }
    this.#waiting.clear()
  }
}
