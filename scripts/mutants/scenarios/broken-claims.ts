/** Broken claims of one run of a machine, each once with its time; further ones of a run say nothing new. */
import type { Violation } from '../../../src/sim/scenario.ts'

const violationsMax = 20

export class BrokenClaims {
  readonly violations: Violation[] = []
  checked = 0
  readonly #nowMs: () => number

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  expect(holds: boolean, claim: string, text: string): void {
    this.checked++
    if (holds || this.violations.length >= violationsMax) return
    this.violations.push({ claim, text: `${this.#nowMs().toFixed(1)} ms: ${text}` })
  }

  none(claim: string, broken: readonly string[]): void {
    this.expect(broken.length === 0, claim, broken.join('\n'))
  }
}
