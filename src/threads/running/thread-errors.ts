/**
 * `onThreadError`: hears of every error that ends a thread, instead of having it printed.
 */
import { isMainThread } from 'node:worker_threads'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { unpackError } from '../travel/travelling-error.ts'
import { ownPort } from './own-line.ts'
import { listenToErrors, tell } from './service.ts'

/** `id`: the thread's number. */
export type ThreadErrorHandler = (error: Error, thread: { readonly name: string; readonly id: number }) => void

let handlers = 0

/**
 * The handler runs in this thread, when that has time; dispose of what this returns to end it. Joined or not, each error is told.
 * It does not keep the process alive.
 * @throws CardumenError `thread-state` in a worker that was not started as a Thread.
 */
export function onThreadError(handler: ThreadErrorHandler): Disposable {
  if (!isMainThread && ownPort() === undefined)
    throw new CardumenError('thread-state', 'Errors of threads are told to the main thread and to a Thread only.')
  const stop = listenToErrors(({ error, name, id }) => handler(unpackError(error), { name, id }))
  if (handlers++ === 0) tell({ kind: 'hear-errors', isOn: true })
  let isOver = false
  return {
    [Symbol.dispose]() {
      if (isOver) return
      isOver = true
      stop()
      if (--handlers === 0) tell({ kind: 'hear-errors', isOn: false })
    },
  }
}
