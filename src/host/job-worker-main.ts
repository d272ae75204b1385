/**
 * The program of a worker thread: loads modules, calls their functions, sends the results back.
 *
 * Jobs begin in the order of their arrival. Results of one turn leave together; but where jobs take their time, each
 * leaves before the next begins, and now and then the thread turns to its other events, so that asynchronous jobs go
 * on and cancellations are seen. A job's own endless loop stops all of that, and only the thread's owner can help.
 */
import { parentPort, workerData } from 'node:worker_threads'
import type { JobFailure, JobReply, JobRequest } from '../edges/workers.ts'
import { assert } from '../lib/assert.ts'
import { CardumenError } from '../lib/cardumen-error.ts'
import { toUtf8 } from '../lib/text.ts'
import { decode, encode } from '../wire/codec.ts'
import { packParcels, parcel, unpackParcels } from '../wire/parcels.ts'
import type { Parcel } from '../wire/parcels.ts'
import { RunningJob, runAsJob } from './current-job.ts'
import { begin } from './job-claims.ts'
import { fromWorker, toWorker, transferBytesMin } from './worker-messages.ts'
import type { WorkerStart } from './worker-messages.ts'

type Exports = Readonly<Record<string, unknown>>

/** After this long without sending, results go before the next job begins. */
const resultsHeldMsMax = 1
/** After this long in one turn, the thread's other events have theirs. */
const turnMsMax = 5

assert(parentPort !== null, 'this module is the main module of a worker thread')
const owner = parentPort
const { claims } = workerData as WorkerStart
const loaded = new Map<string, Exports>()
const loading = new Map<string, Promise<Exports>>()
const running = new Map<number, RunningJob>()
const answers: Parcel[] = []
let arrived: Parcel[] = []
let isTurnDue = false
let isFlushDue = false
let flushedMs = 0

owner.on('message', onMessage)
process.once('exit', flush)
owner.postMessage(packParcels([]))

function onMessage(message: Uint8Array): void {
  for (const one of unpackParcels(message)) {
    if (one.label === toWorker.cancel) onCancel(one.id)
    else arrived.push(one)
  }
  if (!isTurnDue) takeTurn()
}

function takeTurn(): void {
  isTurnDue = false
  const startedMs = performance.now()
  const jobs = arrived
  arrived = []
  for (let index = 0; index < jobs.length; index++) {
    onJob(jobs[index] as Parcel)
    const nowMs = performance.now()
    if (nowMs - flushedMs > resultsHeldMsMax) flush()
    if (nowMs - startedMs > turnMsMax && index + 1 < jobs.length) return postpone(jobs.slice(index + 1))
  }
}

function postpone(jobs: Parcel[]): void {
  arrived = jobs
  isTurnDue = true
  setImmediate(takeTurn)
}

function onCancel(slot: number): void {
  const job = running.get(slot)
  if (job === undefined) return
  running.delete(slot)
  job.cancel()
  send(parcel(slot, fromWorker.abandoned))
}

function onJob({ id: slot, content }: Parcel): void {
  if (!begin(claims, slot)) return send(parcel(slot, fromWorker.withdrawn))
  const job = new RunningJob()
  running.set(slot, job)
  try {
    const [url, name, args] = decode(content) as JobRequest
    const exports = loaded.get(url)
    if (exports !== undefined) call(slot, job, url, exports, name, args)
    else void loadThenCall(slot, job, url, name, args)
  } catch (error) {
    answerFailed(slot, job, {
      code: 'input-refused',
      executed: 'no',
      message: 'The request of a job is malformed.',
      error,
    })
  }
}

async function loadThenCall(
  slot: number,
  job: RunningJob,
  url: string,
  name: string | undefined,
  args: readonly unknown[],
): Promise<void> {
  try {
    const exports = await load(url)
    if (running.get(slot) === job) call(slot, job, url, exports, name, args)
  } catch (error) {
    const message = `${url} could not be loaded: ${messageOf(error)}`
    answerFailed(slot, job, { code: 'module-failed', executed: 'no', message, error: asError(error) })
  }
}

function load(url: string): Promise<Exports> {
  const present = loading.get(url)
  if (present !== undefined) return present
  const promise = (import(url) as Promise<Exports>).then((exports) => {
    loaded.set(url, exports)
    send(parcel(0, fromWorker.module, toUtf8(url)))
    return exports
  })
  loading.set(url, promise)
  promise.then(undefined, () => undefined).finally(() => loading.delete(url))
  return promise
}

function call(
  slot: number,
  job: RunningJob,
  url: string,
  exports: Exports,
  name: string | undefined,
  args: readonly unknown[],
): void {
  if (name === undefined)
    return answerOk(
      slot,
      job,
      Object.keys(exports).filter((key) => typeof exports[key] === 'function'),
    )
  const target = Object.hasOwn(exports, name) ? exports[name] : undefined
  if (typeof target !== 'function') {
    return answerFailed(slot, job, {
      code: 'function-unknown',
      executed: 'no',
      message: `${url} exports no function ${name}.`,
    })
  }
  try {
    const result: unknown = runAsJob(job, () => Reflect.apply(target, undefined, args))
    if (result instanceof Promise || isThenable(result)) {
      result.then(
        (value) => answerOk(slot, job, value),
        (error) => answerThrown(slot, job, error),
      )
    } else answerOk(slot, job, result)
  } catch (error) {
    answerThrown(slot, job, error)
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

function answerOk(slot: number, job: RunningJob, value: unknown): void {
  try {
    const reply: JobReply = [0, value]
    answer(slot, job, fromWorker.ok, encode(reply))
  } catch (error) {
    const message =
      error instanceof CardumenError ? `The result: ${error.message.replace('$[1]', '$')}` : messageOf(error)
    answerFailed(slot, job, { code: 'cannot-travel', executed: 'yes', message })
  }
}

function answerThrown(slot: number, job: RunningJob, thrown: unknown): void {
  answerFailed(slot, job, {
    code: 'handler-failed',
    executed: 'yes',
    message: messageOf(thrown),
    error: asError(thrown),
  })
}

function answerFailed(slot: number, job: RunningJob, failure: JobFailure): void {
  const reply: JobReply = [1, failure]
  answer(slot, job, fromWorker.failed, encode(reply))
}

/** Of a job that was cancelled meanwhile, nobody wants to know. */
function answer(slot: number, job: RunningJob, label: number, reply: Uint8Array): void {
  if (running.get(slot) !== job) return
  running.delete(slot)
  send(parcel(slot, label, reply))
}

function send(one: Parcel): void {
  answers.push(one)
  if (isFlushDue) return
  isFlushDue = true
  setImmediate(flush)
}

function flush(): void {
  flushedMs = performance.now()
  isFlushDue = false
  if (answers.length === 0) return
  const bytes = packParcels(answers)
  answers.length = 0
  owner.postMessage(bytes, bytes.length < transferBytesMin ? [] : [bytes.buffer])
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`a value that is no Error was thrown: ${String(thrown)}`)
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
