/**
 * Worker threads that run jobs, on Node's worker_threads.
 *
 * The jobs submitted in one turn leave as one message, and so do the results of one turn of a worker: on the way
 * between threads it is the message that costs, not the job. Each unfinished job has a slot, whose number is its name
 * on that way and whose word in shared memory says who has it (`job-claims.ts`).
 */
import type { HeapInfo } from 'node:v8'
import { Worker } from 'node:worker_threads'
import { jobsPerWorkerMax } from '../edges/workers.ts'
import type { Job, JobStatus, JobWorker, WorkerEvents, WorkerExit, WorkerOptions, Workers } from '../edges/workers.ts'
import { assert } from '../lib/assert.ts'
import { fromUtf8 } from '../lib/text.ts'
import { packParcels, parcel, unpackParcels } from '../wire/parcels.ts'
import type { Parcel } from '../wire/parcels.ts'
import { newJobClaims, offer, withdraw } from './job-claims.ts'
import { siblingModule } from './sibling-module.ts'
import { fromWorker, toWorker, transferBytesMin } from './worker-messages.ts'
import type { WorkerStart } from './worker-messages.ts'

/**
 * The engine's own limit on a heap may end the whole process when a thread runs into it in one leap, so it lies far
 * beyond ours, and we look how much is used often enough to come first.
 */
const memoryMegabytesSpare = 1_024
const memoryLookMs = 25

export const workerThreads: Workers = {
  start: (options, events) => new WorkerThread(options, events),
}

const statuses: readonly JobStatus[] = ['ok', 'failed', 'abandoned', 'withdrawn']

class WorkerThread implements JobWorker {
  readonly #claims = newJobClaims(jobsPerWorkerMax)
  readonly #slotOfJob = new Map<number, number>()
  readonly #jobOfSlot: (number | undefined)[] = []
  readonly #freeSlots: number[] = []
  readonly #outgoing: Parcel[] = []
  readonly #events: WorkerEvents
  readonly #worker: Worker
  readonly #memoryBytesMax: number
  #isReady = false
  #isWatched = false
  #exit: { reason: WorkerExit; detail: string } | undefined

  constructor(options: WorkerOptions, events: WorkerEvents) {
    this.#events = events
    this.#memoryBytesMax = options.memoryMegabytesMax * 1_048_576
    for (let slot = jobsPerWorkerMax - 1; slot >= 0; slot--) this.#freeSlots.push(slot)
    const workerData: WorkerStart = { claims: this.#claims }
    this.#worker = new Worker(siblingModule(import.meta.url, 'job-worker-main'), {
      name: options.name,
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: options.memoryMegabytesMax + memoryMegabytesSpare },
    })
    this.#worker.on('message', (message: Uint8Array) => this.#onMessage(message))
    this.#worker.on('error', (error) => this.#onError(error))
    this.#worker.on('exit', (code) => this.#onExit(code))
  }

  submit(job: Job): void {
    const slot = this.#freeSlots.pop()
    assert(slot !== undefined, 'a worker is given no more jobs than it has slots')
    this.#slotOfJob.set(job.id, slot)
    this.#jobOfSlot[slot] = job.id
    offer(this.#claims, slot)
    this.#watchMemory()
    this.#send(parcel(slot, toWorker.job, job.request))
  }

  withdraw(id: number): boolean {
    const slot = this.#slotOfJob.get(id)
    return slot !== undefined && withdraw(this.#claims, slot)
  }

  cancel(id: number): void {
    const slot = this.#slotOfJob.get(id)
    if (slot !== undefined) this.#send(parcel(slot, toWorker.cancel))
  }

  terminate(): void {
    this.#endFor('terminated', '')
  }

  #send(one: Parcel): void {
    if (this.#outgoing.push(one) === 1) setImmediate(() => this.#flush())
  }

  #flush(): void {
    const bytes = packParcels(this.#outgoing)
    this.#outgoing.length = 0
    this.#worker.postMessage(bytes, bytes.length < transferBytesMin ? [] : [bytes.buffer])
  }

  /** While it has jobs. The thread answers in the middle of a loop too, but never where it is asked before it runs. */
  #watchMemory(): void {
    if (this.#isWatched) return
    this.#isWatched = true
    setTimeout(() => void this.#lookAtMemory(), memoryLookMs).unref()
  }

  async #lookAtMemory(): Promise<void> {
    try {
      if (this.#isReady) this.#judgeMemory(await this.#worker.getHeapStatistics())
    } catch {
      // The thread ended meanwhile; its exit says why.
      return
    }
    this.#isWatched = false
    if (this.#slotOfJob.size > 0) this.#watchMemory()
  }

  #judgeMemory({ used_heap_size: heapBytes, external_memory: bufferBytes }: HeapInfo): void {
    const usedBytes = heapBytes + bufferBytes
    if (usedBytes > this.#memoryBytesMax)
      this.#endFor('out-of-memory', `It used ${Math.round(usedBytes / 1_048_576)} MB.`)
  }

  #endFor(reason: WorkerExit, detail: string): void {
    this.#exit ??= { reason, detail }
    void this.#worker.terminate()
  }

  #onMessage(message: Uint8Array): void {
    if (!this.#isReady) {
      this.#isReady = true
      this.#events.onReady()
    }
    for (const one of unpackParcels(message)) this.#onParcel(one)
  }

  #onParcel({ id: slot, label, content }: Parcel): void {
    if (label === fromWorker.module) {
      this.#events.onModule(fromUtf8(content) ?? '')
      return
    }
    const job = this.#freeSlot(slot)
    const status = statuses[label]
    assert(status !== undefined, 'a worker sends only labels that are known')
    this.#events.onResult(job, status, content)
  }

  #freeSlot(slot: number): number {
    const job = this.#jobOfSlot[slot]
    assert(job !== undefined, 'a worker answers each job once')
    this.#jobOfSlot[slot] = undefined
    this.#slotOfJob.delete(job)
    this.#freeSlots.push(slot)
    return job
  }

  #onError(error: unknown): void {
    const isOutOfMemory = error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#exit ??= { reason: isOutOfMemory ? 'out-of-memory' : 'failed', detail }
  }

  #onExit(code: number): void {
    this.#exit ??= { reason: 'exited', detail: `it exited with code ${code}` }
    this.#events.onExit(this.#exit.reason, this.#exit.detail)
  }
}
