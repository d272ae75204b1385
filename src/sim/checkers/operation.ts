/**
 * One operation of a history: what was asked, what came back, and when. Invocation and completion are already paired.
 *
 * Its place in the history decides what came before what; `time` is only shown, since several events may share one.
 */
import type { Json } from './json-value.ts'

export type ProcessName = number | string

export interface Operation {
  readonly process: ProcessName
  readonly f: string
  /** Null: the history has one object only. */
  readonly key: Json
  /** What went in. */
  readonly value: Json
  /** What came out; only of `ok`. */
  readonly result: Json
  /** `fail`: it did not happen. `info`: nobody knows; it may take effect at any time after its invocation, or never. */
  readonly type: 'ok' | 'fail' | 'info'
  /** Places in the history, counted from 0. */
  readonly invokedAt: number
  /** Undefined: it never returned, as far as is known; always so of `info`. */
  readonly returnedAt: number | undefined
  /** In the unit of the history; Jepsen's is the nanosecond. */
  readonly invokedTime: number
  readonly returnedTime: number | undefined
}
