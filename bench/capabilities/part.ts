/** One part of the suite `capabilities`: its rows, and the rounds that they were made from. */
import type { Row } from '../harness/suite.ts'

export interface Part {
  readonly rows: readonly Row[]
  readonly raw: unknown
}
