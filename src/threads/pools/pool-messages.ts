/**
 * What a pool and one of its threads send each other where a slot of shared memory has no room, and how a thread starts.
 *
 * A thread first says that it is ready, or why not. After that a message is the exception: large arguments, which are
 * sent when the thread asks for them (so they go to no thread that never begins the task), large results, and errors.
 */
import type { MessagePort } from 'node:worker_threads'
import type { TravellingError } from '../travel/travelling-error.ts'
import type { PackedArguments } from '../travel/arguments.ts'
import type { BoardState } from './task-board.ts'

export interface ThreadStart {
  readonly board: BoardState
  /** Its number on the board. */
  readonly thread: number
  /** URL of the module whose functions it runs. */
  readonly module: string
  readonly concurrency: number
  readonly port: MessagePort
  /** As which it was entered. */
  readonly party: number
  /** To the service thread of the process. */
  readonly line: MessagePort | undefined
}

export type FromThread =
  | { readonly kind: 'ready'; readonly functions: readonly string[] }
  | { readonly kind: 'module-failed'; readonly failure: TravellingError }
  | { readonly kind: 'result'; readonly slot: number; readonly result: PackedArguments }
  | { readonly kind: 'failed'; readonly slot: number; readonly failure: TravellingError }

/** `none`: the task has ended otherwise meanwhile. */
export type ToThread =
  | { readonly kind: 'arguments'; readonly slot: number; readonly packed: PackedArguments }
  | { readonly kind: 'none'; readonly slot: number }
