/**
 * The main thread's end of the writer's thread.
 *
 * What is asked for within one turn of the event loop goes over in one message. Answers come in the order of the
 * requests. When the thread dies, whatever was not answered may have been committed, and nothing more is taken.
 */
import { Worker } from 'node:worker_threads'
import type { Done } from '../../edges/carried-out.ts'
import type { LeaseId } from '../../edges/engine.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { closeWaitMsMax, outstandingBytesMax, outstandingRequestsMax } from './bounds.ts'
import type { Answer, Report, Request, RequestedTask, WriterData } from './requests.ts'
import { errorOf } from './sqlite-failure.ts'

export interface WriterEvents {
  /** Transactions were committed, here or by another process. */
  onCommitted(): void
  onLeaseEnded(id: LeaseId): void
  /** The thread died. */
  onFailed(error: CardumenError): void
}

interface Outstanding {
  readonly sizeBytes: number
  readonly onDone: (done: Done) => void
  readonly reject: (error: CardumenError) => void
}

export class WriterLink {
  readonly #worker: Worker
  #events: WriterEvents | undefined
  readonly #outstanding: Outstanding[] = []
  #answered = 0
  #outstandingBytes = 0
  #outbox: Request[] = []
  #failure: CardumenError | undefined
  #onReady: ((systemId: string) => void) | undefined
  #onOpenFailed: ((error: CardumenError) => void) | undefined
  #onExited: (() => void) | undefined

  constructor(data: WriterData) {
    const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.')) // .ts from source, .js when compiled
    this.#worker = new Worker(new URL(`./writer-thread${extension}`, import.meta.url), {
      name: 'cardumen-engine',
      workerData: data,
      // Whatever the program preloads is for its own threads.
      execArgv: [],
      env: compileCache(),
    })
    this.#worker.on('message', (report: Report) => this.#onReport(report))
    this.#worker.on('error', (cause) =>
      this.#fail(new CardumenError('engine-failed', 'the thread of the engine failed', { executed: 'unknown', cause })),
    )
    this.#worker.on('exit', () => this.#onExit())
  }

  /** Resolves to the system's identifier once the state file is open. */
  opened(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#onReady = resolve
      this.#onOpenFailed = reject
    })
  }

  handle(events: WriterEvents): void {
    this.#events = events
  }

  /** The bytes in the task must not change any more. */
  ask<Result>(task: RequestedTask, sizeBytes: number, resultOf: (done: Done) => Result): Promise<Result> {
    if (this.#failure !== undefined)
      return Promise.reject(
        new CardumenError(this.#failure.code, this.#failure.message, { cause: this.#failure.cause }),
      )
    if (
      this.#outstanding.length - this.#answered >= outstandingRequestsMax ||
      this.#outstandingBytes + sizeBytes > outstandingBytesMax
    ) {
      return Promise.reject(
        new CardumenError('try-again', 'too many writes are waiting for the engine', {
          hint: 'Wait for earlier ones.',
        }),
      )
    }
    this.#outstandingBytes += sizeBytes
    return new Promise((resolve, reject) => {
      this.#outstanding.push({ sizeBytes, onDone: (done) => resolve(resultOf(done)), reject })
      this.tell(task)
    })
  }

  /** For what gets no answer. */
  tell(request: Request): void {
    if (this.#failure !== undefined) return
    if (this.#outbox.length === 0) setImmediate(() => this.#send())
    this.#outbox.push(request)
  }

  /** What was asked before is carried out first. */
  async close(): Promise<void> {
    if (this.#failure !== undefined) return
    const exited = new Promise<void>((resolve) => {
      this.#onExited = resolve
    })
    this.tell({ kind: 'close' })
    const timer = setTimeout(() => void this.#worker.terminate(), closeWaitMsMax)
    await exited
    clearTimeout(timer)
  }

  /** Without waiting for anything. */
  async abandon(): Promise<void> {
    await this.#worker.terminate()
  }

  #send(): void {
    const requests = this.#outbox
    this.#outbox = []
    this.#worker.postMessage(requests)
  }

  #onReport(report: Report): void {
    switch (report.kind) {
      case 'ready':
        return this.#onReady?.(report.systemId)
      case 'open-failed':
        return this.#onOpenFailed?.(errorOf(report.failure))
      case 'answers':
        return this.#onAnswers(report.answers)
      case 'news':
        return this.#events?.onCommitted()
      case 'lease-ended':
        return this.#events?.onLeaseEnded(report.id)
      case 'failed':
        return this.#fail(errorOf(report.failure))
      case 'closed':
        return undefined // The exit follows.
    }
  }

  #onAnswers(answers: readonly Answer[]): void {
    let wrote = false
    for (const answer of answers) {
      const asked = this.#outstanding[this.#answered++]
      if (asked === undefined) continue
      this.#outstandingBytes -= asked.sizeBytes
      if (answer.kind === 'failed') asked.reject(errorOf(answer.failure))
      else asked.onDone(answer)
      wrote ||= answer.kind === 'done' && answer.wrote
    }
    this.#outstanding.splice(0, this.#answered)
    this.#answered = 0
    if (wrote) this.#events?.onCommitted()
  }

  #onExit(): void {
    this.#fail(new CardumenError('engine-failed', 'the thread of the engine is gone', { executed: 'unknown' }))
    this.#onExited?.()
  }

  #fail(error: CardumenError): void {
    if (this.#failure !== undefined) return
    this.#failure = error
    this.#onOpenFailed?.(error)
    for (const asked of this.#outstanding.splice(0)) asked.reject(error)
    this.#events?.onFailed(error)
  }
}

/** All that the thread gets of the environment: with the cache of compiled code it takes 17 MB less, where sources are TypeScript. */
function compileCache(): NodeJS.ProcessEnv {
  const folder = process.env['NODE_COMPILE_CACHE']
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: folder }
}
