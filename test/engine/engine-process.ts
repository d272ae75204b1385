/**
 * A process with an engine, for tests that kill, stop or load it: the parent's side of `fixtures/engine-holder.ts`.
 *
 * It starts the process, gives it orders, keeps what it reports without being asked, and never leaves it behind.
 */
import assert from 'node:assert/strict'
import { fork, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { within } from '../conformance/engine-assertions.ts'

export type Order =
  | { readonly kind: 'put'; readonly key: string; readonly text: string; readonly lease?: string }
  | { readonly kind: 'grant'; readonly ttlMs: number }
  | { readonly kind: 'is-live'; readonly lease: string }
  | { readonly kind: 'busy'; readonly forMs: number }
  | { readonly kind: 'write-pairs' }
  | { readonly kind: 'close' }

export interface Reply {
  readonly id: number
  readonly value?: string | number | boolean
  readonly code?: string
  readonly executed?: string
}

type Message = Reply | { readonly opened: true } | { readonly ended: string } | { readonly acknowledged: number }

export class EngineProcess {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, (reply: Reply) => void>()
  readonly #endedLeases = new Set<string>()
  readonly #exited: Promise<void>
  readonly #opened: Promise<void>
  #orders = 0
  /** The greatest number that the process has said to be acknowledged. */
  acknowledged = 0

  constructor(folder: string) {
    this.#child = fork(new URL('./fixtures/engine-holder.ts', import.meta.url), [folder], { execArgv: [] })
    this.#exited = new Promise((resolve) => this.#child.once('exit', () => resolve()))
    this.#opened = new Promise((resolve) => {
      this.#child.on('message', (message: Message) => {
        if ('opened' in message) resolve()
        else this.#onMessage(message)
      })
    })
  }

  static async start(folder: string): Promise<EngineProcess> {
    const started = new EngineProcess(folder)
    await within(started.#opened, 'a process that opens the engine')
    return started
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  async order(order: Order): Promise<string | number | boolean> {
    const reply = await within(this.tryOrder(order), order.kind)
    assert.equal(reply.code, undefined)
    return reply.value ?? false
  }

  tryOrder(order: Order): Promise<Reply> {
    const id = ++this.#orders
    this.#child.send({ ...order, id })
    return new Promise((resolve) => this.#waiting.set(id, resolve))
  }

  async grantWithKey(ttlMs: number, key: string): Promise<string> {
    const lease = String(await this.order({ kind: 'grant', ttlMs }))
    await this.order({ kind: 'put', key, text: 'held', lease })
    return lease
  }

  hasEnded(lease: string): boolean {
    return this.#endedLeases.has(lease)
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  get exited(): Promise<void> {
    return this.#exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  #onMessage(message: Exclude<Message, { opened: true }>): void {
    if ('ended' in message) this.#endedLeases.add(message.ended)
    else if ('acknowledged' in message) this.acknowledged = message.acknowledged
    else {
      this.#waiting.get(message.id)?.(message)
      this.#waiting.delete(message.id)
    }
  }
}

export interface TemporaryFolder {
  readonly path: string
  [Symbol.asyncDispose](): Promise<void>
}

export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), 'cardumen-engine-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}
