/**
 * What runs jobs: threads that call exported functions of modules.
 *
 * A job never runs on the thread of a member's kernel. Arguments and results pass as encoded bytes, so the kernel's
 * thread never decodes them. Whether a job has begun is decided between the two threads by one atomic step, so that
 * its owner can always say truthfully whether it ran, even of a thread that loops for ever or is gone.
 */
import type { Executed } from '../lib/cardumen-error.ts'
import type { ErrorCode } from '../lib/error-codes.ts'

/** Unfinished jobs of one worker. */
export const jobsPerWorkerMax = 64

export interface Workers {
  /** Starts a thread; `events.onReady` tells when it runs. Jobs may be submitted at once. */
  start(options: WorkerOptions, events: WorkerEvents): JobWorker
}

export interface WorkerOptions {
  readonly name: string
  /** Of its heap and its buffers together; over it the worker ends with the reason `out-of-memory`. */
  readonly memoryMegabytesMax: number
}

export interface Job {
  /** Chosen by the caller of `submit`, unique among the worker's unfinished jobs. */
  readonly id: number
  /** An encoded `JobRequest`. */
  readonly request: Uint8Array
}

/** No function named: the module is only loaded, and the reply is a list of its functions. */
export type JobRequest = readonly [moduleUrl: string, functionName: string | undefined, args: readonly unknown[]]

export type JobReply = readonly [failed: 0, result: unknown] | readonly [failed: 1, failure: JobFailure]

export interface JobFailure {
  readonly code: ErrorCode
  readonly executed: Executed
  readonly message: string
  /** What the job threw, with the stack of where it ran. */
  readonly error?: unknown
}

export interface JobWorker {
  /** Jobs given within one turn travel together. The bytes are copied. At most `jobsPerWorkerMax` may be unfinished. */
  submit(job: Job): void
  /**
   * True: the job had not begun and never will; it ends as `withdrawn` when the thread comes round to it, and has a
   * place until then. Also answers after the worker's end.
   */
  withdraw(id: number): boolean
  /**
   * Aborts the signal that the job may watch, and gives up its result: it ends as `abandoned` as soon as the thread
   * comes round to it, which a thread in an endless loop never does.
   */
  cancel(id: number): void
  /** Ends the thread even in the middle of a loop; `onExit` follows. */
  terminate(): void
}

/** `abandoned`: cancelled, and its function may still run. With this and `withdrawn` the reply is empty. */
export type JobStatus = 'ok' | 'failed' | 'abandoned' | 'withdrawn'

export type WorkerExit = 'exited' | 'out-of-memory' | 'terminated' | 'failed'

export interface WorkerEvents {
  onReady(): void
  /** `reply` is an encoded `JobReply`. */
  onResult(id: number, status: JobStatus, reply: Uint8Array): void
  /** The worker has loaded a module. */
  onModule(url: string): void
  /** Last. Of every job not answered by then `withdraw` says whether it had begun. */
  onExit(reason: WorkerExit, detail: string): void
}
