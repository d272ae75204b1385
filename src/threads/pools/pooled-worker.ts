/**
 * One thread of a pool, as the pool sees it: started, spoken to, ended.
 *
 * It keeps no process alive; the pool does, while it has tasks. What the thread has said is heard to the end before its
 * death is told, so a result that was on its way counts.
 */
import { MessageChannel, receiveMessageOnPort, SHARE_ENV } from 'node:worker_threads'
import type { MessagePort, Transferable, Worker } from 'node:worker_threads'
import { siblingModule } from '../../host/sibling-module.ts'
import { startWorker } from '../running/start-worker.ts'
import type { FromThread, ThreadStart, ToThread } from './pool-messages.ts'
import type { PoolSettings } from './pool-options.ts'
import { PoolParty } from './pool-party.ts'
import type { PoolTask } from './pool-task.ts'
import type { BoardState } from './task-board.ts'

export interface PooledWorkerEvents {
  onMessage(thread: PooledWorker, message: FromThread): void
  /** Last. `error` is what ended it, if that was an error. */
  onExit(thread: PooledWorker, exitCode: number, error: unknown): void
}

export class PooledWorker {
  /** On the board. */
  readonly thread: number
  readonly name: string
  /** It has loaded the module. */
  isReady = false
  hasEnded = false
  /** The last task that was sent to it without its asking. */
  assigned: PoolTask | undefined
  /** Reports of it that the pool has read. */
  reportsRead = 0
  /** Reports of it when the pool looked for idle threads last. */
  reportsSeen = -1
  readonly #worker: Worker
  readonly #port: MessagePort
  readonly #party: PoolParty
  readonly #events: PooledWorkerEvents
  readonly #exited = Promise.withResolvers<void>()
  #error: unknown

  /** @throws CardumenError `capacity-reached`; what Node throws where no thread can be started. */
  constructor(
    thread: number,
    name: string,
    module: string,
    board: BoardState,
    settings: PoolSettings,
    events: PooledWorkerEvents,
  ) {
    this.thread = thread
    this.name = name
    this.#events = events
    this.#party = new PoolParty(name)
    const { id: party, line } = this.#party
    const { port1, port2 } = new MessageChannel()
    const start: ThreadStart = { board, thread, module, concurrency: settings.concurrency, port: port2, party, line }
    this.#port = port1
    try {
      this.#worker = startPoolWorker(name, start, settings)
    } catch (error) {
      port1.close()
      this.#party.abandon()
      throw error
    }
    this.#worker.unref()
    this.#port.on('message', (message: FromThread) => events.onMessage(this, message))
    this.#port.unref()
    this.#worker.on('error', (error) => (this.#error = error))
    this.#worker.on('exit', (code) => this.#onExit(code))
  }

  /** @throws what structured clone throws where a value cannot travel. */
  send(message: ToThread, transfer: readonly Transferable[]): void {
    this.#port.postMessage(message, transfer)
  }

  /** Even in the middle of a loop. Resolves when it has ended. `isIdle`: it has no task. */
  end(isIdle: boolean): Promise<void> {
    if (isIdle) this.#party.becomeIdle()
    this.#worker.ref()
    void this.#worker.terminate()
    return this.#exited.promise
  }

  #onExit(code: number): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#port) as { message: FromThread } | undefined
      if (received === undefined) break
      this.#events.onMessage(this, received.message)
    }
    this.#port.close()
    this.hasEnded = true
    this.#party.onExit()
    this.#events.onExit(this, code, this.#error)
    this.#exited.resolve()
  }
}

function startPoolWorker(name: string, start: ThreadStart, { memoryMegabytesMax }: PoolSettings): Worker {
  const { port, line } = start
  return startWorker(siblingModule(import.meta.url, 'pool-worker-main'), start, {
    name,
    transferList: line === undefined ? [port] : [port, line],
    env: SHARE_ENV,
    // It prints by itself (`direct-output.ts`).
    stdout: true,
    stderr: true,
    ...(memoryMegabytesMax === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: memoryMegabytesMax } }),
  })
}
