/**
 * What a worker thread and its owner tell each other: parcels, with the job's slot as id and one of these labels.
 *
 * An empty message from the worker says that it is ready.
 */

/** Owner to worker. */
export const toWorker = { job: 0, cancel: 1 } as const

/** Worker to owner. Each job is answered by exactly one of the first four; `module` carries a URL in UTF-8. */
export const fromWorker = { ok: 0, failed: 1, abandoned: 2, withdrawn: 3, module: 4 } as const

/** To hand over a buffer costs more than to copy a small one. */
export const transferBytesMin = 65_536

export interface WorkerStart {
  readonly claims: Int32Array<SharedArrayBuffer>
}
