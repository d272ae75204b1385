/**
 * What went wrong in one run, in its order: each violation with its claim and the virtual time at which it was seen.
 */
import type { Violation } from '../scenario.ts'

/** Further ones of a run say nothing new. */
const violationsMax = 100

export class ViolationList {
  readonly all: Violation[] = []
  readonly #nowMs: () => number

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  expect(holds: boolean, claim: string, text: string): void {
    if (!holds) this.add(claim, text)
  }

  add(claim: string, text: string): void {
    if (this.all.length < violationsMax) this.all.push({ claim, text: `${this.#nowMs().toFixed(1)} ms: ${text}` })
  }
}
