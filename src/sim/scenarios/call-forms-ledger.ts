/**
 * What is known of each call of `call-forms`, over all lives together: what its caller was told, and what really ran.
 *
 * A call may be sent several times (at-least-once, by the program), so a run is counted for the call and not for the
 * attempt. Its handler's effect counts as begun against "it did not run", and as ended against "it ran".
 */
import type { Executed } from '../../lib/cardumen-error.ts'
import type { Address } from '../../lib/identifiers.ts'
import type { Semantics } from '../../protocols/rpc/messages.ts'
import { checkExecutions } from '../checkers/executions.ts'
import type { Violation } from '../scenario.ts'

export interface Asked {
  readonly id: number
  readonly client: Address
  /** Declared harmless to run twice; the others are sent again only when they surely did not run. */
  readonly isIdempotent: boolean
  readonly timeoutMs: number
  /** When the program wished it. */
  readonly wishedMs: number
  readonly sentTo: Set<Address>
  attempts: number
  begun: number
  ended: number
  /** Whether an attempt may have run. */
  isDoubtful: boolean
  end: { readonly atMs: number; readonly code: string; readonly executed: Executed } | undefined
}

const violationsMax = 100

export class FormLedger {
  readonly violations: Violation[] = []
  readonly calls = new Map<number, Asked>()
  readonly #semantics: Semantics
  readonly #nowMs: () => number

  constructor(semantics: Semantics, nowMs: () => number) {
    this.#semantics = semantics
    this.#nowMs = nowMs
  }

  open(id: number, client: Address, timeoutMs: number): Asked {
    const asked: Asked = {
      ...{ id, client, timeoutMs, isIdempotent: id % 2 === 0, wishedMs: this.#nowMs(), sentTo: new Set() },
      ...{ attempts: 0, begun: 0, ended: 0, isDoubtful: false, end: undefined },
    }
    this.calls.set(id, asked)
    return asked
  }

  onBegun(id: number, member: Address): void {
    const asked = this.calls.get(id)
    if (asked === undefined) return this.violated('reply', `a call ${id} runs that nobody made`)
    asked.begun++
    if (!asked.sentTo.has(member)) this.violated('right-life', `call ${id} runs at ${member}, where it was not sent`)
    if (asked.begun === 1) return
    if (this.#semantics !== 'at-least-once') this.violated(this.#semantics, `call ${id} runs ${asked.begun} times`)
    else if (!asked.isIdempotent) this.violated('idempotent', `call ${id}, which must not, runs ${asked.begun} times`)
  }

  onEnded(id: number): void {
    const asked = this.calls.get(id)
    if (asked !== undefined) asked.ended++
  }

  close(asked: Asked, code: string, executed: Executed): void {
    if (asked.end !== undefined) return this.violated('reply', `call ${asked.id} ends twice`)
    asked.end = { atMs: this.#nowMs(), code, executed }
    if (executed === 'yes' && asked.ended === 0)
      this.violated('truthful', `call ${asked.id} is said to have run (${code}) before it has`)
  }

  /** When all is over. */
  checkEnd(): void {
    const records = [...this.calls.values()].map(({ id, begun, ended, end }) => {
      const executed = end?.executed ?? 'unknown'
      return { call: `call ${id}`, executions: executed === 'yes' ? Math.min(begun, ended) : begun, executed }
    })
    const verdict = checkExecutions(this.#semantics, records)
    if (!verdict.holds) this.violated(verdict.claim, verdict.text)
  }

  violated(claim: string, text: string): void {
    if (this.violations.length >= violationsMax) return
    this.violations.push({ claim, text: `${this.#nowMs().toFixed(1)} ms: ${text}` })
  }
}
