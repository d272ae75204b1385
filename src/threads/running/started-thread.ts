/**
 * One thread as the service thread sees it: started, watched, ended.
 *
 * What a thread says of its own end (`ended`) comes before its exit, and counts; a thread that exits without a word was
 * terminated, ran out of memory, or called `process.exit`.
 */
import { MessageChannel, MessagePort, receiveMessageOnPort, SHARE_ENV } from 'node:worker_threads'
import type { Worker } from 'node:worker_threads'
import { siblingModule } from '../../host/sibling-module.ts'
import { packError } from '../travel/travelling-error.ts'
import { startWorker } from './start-worker.ts'
import { watchMemory } from './memory-watch.ts'
import type { Outcome, ThreadData, ThreadStart, ToService } from './thread-messages.ts'

/**
 * The engine's own limit on a heap may end the whole process when a thread runs into it in one leap, so it lies far
 * beyond ours, and we look how much is used often enough to come first.
 */
const memoryMegabytesSpare = 1_024

export interface StartedThreadEvents {
  /** Everything but `ended`. */
  onMessage(message: ToService): void
  /** Last, once the thread is gone. */
  onEnd(outcome: Outcome): void
}

export class StartedThread {
  readonly start: ThreadStart
  readonly port: MessagePort
  readonly #worker: Worker
  readonly #events: StartedThreadEvents
  #outcome: Outcome | undefined
  #memoryWatch: Disposable | undefined

  /** @throws what Node throws where no thread can be started. */
  constructor(start: ThreadStart, events: StartedThreadEvents) {
    this.start = start
    this.#events = events
    const { port1, port2 } = new MessageChannel()
    const { name, args, memoryMegabytesMax } = start
    const data: ThreadData = { start, port: port2 }
    this.port = port1
    this.#worker = startWorker(siblingModule(import.meta.url, 'thread-main'), data, {
      name,
      transferList: args instanceof MessagePort ? [port2, args] : [port2],
      env: SHARE_ENV,
      // It prints by itself (`direct-output.ts`). Unless told so, this side asks its streams for more, which ours do not know.
      stdout: true,
      stderr: true,
      ...(memoryMegabytesMax === undefined
        ? {}
        : { resourceLimits: { maxOldGenerationSizeMb: memoryMegabytesMax + memoryMegabytesSpare } }),
    })
    port1.on('message', (message: ToService) => this.#onMessage(message))
    this.#worker.on('error', (error) => this.#onError(error))
    this.#worker.on('exit', (code) => this.#onExit(code))
    if (memoryMegabytesMax !== undefined)
      this.#memoryWatch = watchMemory(this.#worker, memoryMegabytesMax, (text) =>
        this.end(`ran out of memory: ${text}`, true),
      )
  }

  /** Ends it in the middle of whatever it does. Its `onEnd` says when it is gone. */
  end(how: string, isReported: boolean): void {
    this.#outcome ??= { kind: 'exited', how, isReported }
    void this.#worker.terminate()
  }

  #onMessage(message: ToService): void {
    if (message.kind === 'ended') this.#outcome ??= message.outcome
    else this.#events.onMessage(message)
  }

  #onError(error: unknown): void {
    const isOutOfMemory = error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
    if (isOutOfMemory) this.#outcome = { kind: 'exited', how: 'ran out of memory', isReported: true }
    else this.#outcome ??= { kind: 'threw', error: packError(error) }
  }

  #onExit(code: number): void {
    this.#memoryWatch?.[Symbol.dispose]()
    for (;;) {
      const received = receiveMessageOnPort(this.port) as { message: ToService } | undefined
      if (received === undefined) break
      this.#onMessage(received.message)
    }
    this.port.close()
    this.#events.onEnd(this.#outcome ?? { kind: 'exited', how: `called process.exit(${code})`, isReported: false })
  }
}
