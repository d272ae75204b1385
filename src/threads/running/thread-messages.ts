/**
 * What threads and the service thread of their process say to each other.
 *
 * thread ──[ start | keep | release | hear-errors ]─────▶ service    about another thread
 * thread ──[ ask ]──▶ service ──[ answer | refusal ]──▶ thread     `withdraw`: the asker waits no more
 * thread ──[ ended ]────────────────────────────────────▶ service    of itself, once
 * thread ──[ adopt ]────────────────────────────────────▶ service    about a worker of its own, as pools have
 * service ──[ live ]──▶ main thread         whether any thread must keep the process alive
 * service ──[ thread-error ]──▶ thread      to whoever has asked to hear of errors
 *
 * Each thread that `Thread` started has a port of its own. A worker that the program started itself has none, and speaks
 * over broadcast channels, which carry nothing that is transferred.
 */
import type { MessagePort } from 'node:worker_threads'
import type { PackedArguments } from '../travel/arguments.ts'
import type { TravellingError } from '../travel/travelling-error.ts'

/** Where workers that nobody gave a port speak to the service. */
export const serviceChannelName = 'cardumen.threads.service'

/** A thread's identity: a party's number comes up again, with another generation. */
export interface ThreadKey {
  /** Its number among all threads that this process ever had. */
  readonly id: number
  readonly party: number
  readonly generation: number
}

/** What a new thread is to do. */
export interface ThreadStart extends ThreadKey {
  readonly name: string
  readonly isDaemon: boolean
  readonly module: string
  readonly functionName: string
  readonly memoryMegabytesMax: number | undefined
  /** A port that the arguments lie in, so that they are cloned once. Where no port can travel, themselves. */
  readonly args: MessagePort | PackedArguments
}

/** How a thread ended. */
export type Outcome =
  | { readonly kind: 'returned'; readonly value: PackedArguments }
  | { readonly kind: 'threw'; readonly error: TravellingError }
  /** Its function never ran, or its result cannot travel: the error is one of ours. */
  | { readonly kind: 'refused'; readonly error: TravellingError }
  | { readonly kind: 'exited'; readonly how: string; readonly isReported: boolean }

export type ToService =
  | { readonly kind: 'start'; readonly start: ThreadStart }
  /** Others may ask for its outcome. */
  | { readonly kind: 'keep'; readonly thread: number }
  /** The one that could ask for its outcome will not. */
  | { readonly kind: 'release'; readonly thread: number }
  | { readonly kind: 'ended'; readonly outcome: Outcome }
  /** Errors that end threads are told to this thread from now on, and not printed; or no longer. */
  | { readonly kind: 'hear-errors'; readonly isOn: boolean }
  /** A worker that the sender starts itself, entered as this party, has the other end of the port: its line, which closes when it is gone. */
  | { readonly kind: 'adopt'; readonly party: number; readonly port: MessagePort }
  | Ask
  | { readonly kind: 'withdraw'; readonly ask: number }

export interface Ask {
  readonly kind: 'ask'
  readonly ask: number
  readonly operation: string
  readonly payload: unknown
  /** Whoever asks sleeps on its wait row. */
  readonly isBlocking: boolean
}

export type FromService =
  | { readonly kind: 'answer'; readonly ask: number; readonly value: unknown }
  | { readonly kind: 'refusal'; readonly ask: number; readonly error: TravellingError }
  | { readonly kind: 'live'; readonly count: number; readonly startsSeen: number }
  | { readonly kind: 'thread-error'; readonly name: string; readonly id: number; readonly error: TravellingError }

/** What a worker without a port sends over the service's channel. */
export interface Broadcast {
  readonly from: string
  readonly party: number
  readonly message: ToService
}

/** Given to a thread as its worker data. */
export interface ThreadData {
  readonly start: ThreadStart
  readonly port: MessagePort
}

/** Given to the service thread. */
export interface ServiceData {
  readonly party: number
  /** Of the main thread. */
  readonly mainParty: number
  readonly port: MessagePort
}
