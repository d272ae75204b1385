/**
 * A worker that has its compiled code kept between runs.
 *
 * From the sources, compiling is most of what a thread's start would cost, and the cache must be there before the first module of
 * ours is loaded. So the worker begins with three lines that need no compiler, given as an address.
 */
import { Worker } from 'node:worker_threads'
import type { WorkerOptions } from 'node:worker_threads'
import { compileCacheFolder } from '../../host/compile-cache.ts'

const first = `
import { enableCompileCache } from 'node:module'
import { workerData } from 'node:worker_threads'
enableCompileCache(workerData.compileCache)
await import(workerData.main)`

const entry = new URL(`data:text/javascript,${encodeURIComponent(first)}`)
const compileCache = compileCacheFolder()
const textArgument = /^--(?:input-type|eval|print)|^-(?:e|p|pe)$/

/** `main` is loaded in the worker, which finds `data` in its worker data. */
export function startWorker(main: URL, data: object, options: WorkerOptions): Worker {
  return new Worker(entry, {
    // What says that the program is a text and no file would say it of the thread too.
    ...(process.execArgv.some((argument) => textArgument.test(argument)) ? { execArgv: [] } : {}),
    ...options,
    workerData: { ...data, main: main.href, compileCache },
  })
}
