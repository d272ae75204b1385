/**
 * What a pool may be told, checked and completed.
 *
 * Everything has a default; what makes no sense is refused at once, before a thread is started.
 */
import { availableParallelism } from 'node:os'
import type { Transferable } from 'node:worker_threads'
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { AsyncWaitOptions } from '../waiting/wait-options.ts'

/** Threads of one pool. */
const threadsOfPoolMax = 256
/** Tasks that wait, unless `queueMax` says otherwise. */
const queueMaxDefault = 65_536
/** A thread over `threadsMin` ends after this long without a task, unless `idleMs` says otherwise. */
const idleMsDefault = 10_000
/** Functions that one thread has under way at once. */
const concurrencyMax = 1_024
/** A task that is given up while it runs gets this long to end before its thread is ended. */
export const overtimeMs = 1_000
/** Tasks that lie ready for the threads at once, at least; a power of two. Further ones wait with the pool. */
const slotsMin = 256
const slotsMax = 4_096

export interface PoolOptions {
  /** Begins the names of the threads. */
  readonly name?: string
  /** So many, always. Without this and the next two: one for each processor. */
  readonly threads?: number
  /** From so many, kept even when idle; may be 0. */
  readonly threadsMin?: number
  /** To so many, while there are tasks for them. */
  readonly threadsMax?: number
  /** For how long a thread over `threadsMin` is kept without a task. */
  readonly idleMs?: number
  /** Tasks that may wait; a further one is refused with `try-again`. */
  readonly queueMax?: number
  /** Asynchronous functions that a thread has under way at once; 1 unless they mostly wait. */
  readonly concurrency?: number
  /** Of a thread's heap; over it the thread ends, and its task fails with `thread-exited`. */
  readonly memoryMegabytesMax?: number
}

/** `timeoutMs` counts from the call on, and not from the beginning of the task. */
export interface TaskOptions extends AsyncWaitOptions {
  /** Buffers and ports that go to the thread themselves, and not as copies; they are lost to the caller. */
  readonly transfer?: readonly Transferable[]
}

export interface PoolSettings {
  readonly name: string
  readonly threadsMin: number
  readonly threadsMax: number
  readonly idleMs: number
  readonly queueMax: number
  readonly concurrency: number
  readonly memoryMegabytesMax: number | undefined
  readonly slots: number
}

/** @throws CardumenError `option-invalid` */
export function settingsOf(options: PoolOptions): PoolSettings {
  const { name = 'pool', threads, memoryMegabytesMax } = options
  if (threads !== undefined && (options.threadsMin ?? options.threadsMax) !== undefined)
    throw new CardumenError(
      'option-invalid',
      'threads makes a pool of fixed size; leave it out with threadsMin or threadsMax.',
    )
  const threadsMax = whole('threadsMax', threads ?? options.threadsMax ?? processors(options), 1, threadsOfPoolMax)
  const threadsMin = whole('threadsMin', threads ?? options.threadsMin ?? threadsMax, 0, threadsMax)
  const concurrency = whole('concurrency', options.concurrency ?? 1, 1, concurrencyMax)
  if (memoryMegabytesMax !== undefined) whole('memoryMegabytesMax', memoryMegabytesMax, 16, 1_048_576)
  return {
    name,
    threadsMin,
    threadsMax,
    idleMs: whole('idleMs', options.idleMs ?? idleMsDefault, 1, 2 ** 31 - 1),
    queueMax: whole('queueMax', options.queueMax ?? queueMaxDefault, 1, 2 ** 31 - 1),
    concurrency,
    memoryMegabytesMax,
    slots: Math.min(slotsMax, Math.max(slotsMin, 2 ** Math.ceil(Math.log2(2 * threadsMax * concurrency)))),
  }
}

/** With threadsMin alone, the pool may grow to one for each processor, or stays at the minimum where that is more. */
function processors({ threadsMin = 1 }: PoolOptions): number {
  return Math.max(1, threadsMin, availableParallelism())
}

function whole(option: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw new CardumenError(
    'option-invalid',
    `${option} is ${String(value)}; it takes a whole number from ${least} to ${most}.`,
  )
}
