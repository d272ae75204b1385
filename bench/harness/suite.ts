/**
 * What a suite is, and what it reports.
 *
 * A row is one figure; with a `bound` it is also a promise, which the figure keeps or misses. What could not be
 * measured is said under `skipped`, with the reason, and never replaced by a guess. `raw` holds the
 * rounds themselves for the JSON file.
 */
import type { Progress } from './rounds.ts'

export type Bound = { readonly atMost: number } | { readonly atLeast: number }

export interface Row {
  readonly what: string
  readonly value: number
  /** 'x' for a ratio, else the unit as it is printed. */
  readonly unit: string
  readonly bound?: Bound
}

export interface SuiteResult {
  readonly rows: readonly Row[]
  readonly skipped: readonly string[]
  readonly raw: unknown
}

/** How long and how often to measure. */
export interface Effort {
  readonly rounds: number
  readonly warmUpMs: number
  readonly latencyMs: number
  readonly throughputMs: number
  readonly idleMs: number
}

export interface Context {
  readonly effort: Effort
  readonly progress: Progress
  /** The core to pin to; undefined where the machine has no `taskset`. */
  readonly pinnedCore: number | undefined
  /** An empty folder for this suite, removed afterwards; short enough for a Unix socket's path. */
  readonly folder: string
  /** An empty folder on the disk that the checkout lies on, for what must be durable; removed afterwards. */
  readonly diskFolder: string
}

export interface Suite {
  readonly name: string
  readonly about: string
  run(context: Context): Promise<SuiteResult>
}

export type Verdict = 'pass' | 'MISS' | ''

export function verdict(row: Row): Verdict {
  if (row.bound === undefined) return ''
  const kept = 'atMost' in row.bound ? row.value <= row.bound.atMost : row.value >= row.bound.atLeast
  return kept ? 'pass' : 'MISS'
}
