/**
 * What the simulated programs know of each of their calls, over all lives together: so each thing that the call machine
 * says is held against what was, and whatever does not fit is a violation.
 */
import type { Address } from '../../lib/identifiers.ts'
import type { Outcome } from '../../protocols/rpc/messages.ts'
import type { Violation } from '../scenario.ts'

/** One call, as the program that makes it sees it. */
export interface Made {
  readonly token: number
  readonly from: Address
  readonly to: Address
  readonly window: number
  /** By the caller's own clock; Infinity until its machine has got to the call. */
  deadline: number
  items: number
  consumed: number
  runs: number
  /** What the handler replied, and how many items it gave. */
  replied: 'ok' | 'failed' | undefined
  produced: number
  end: Extract<Outcome, { kind: 'completed' | 'failed' }> | undefined
}

export type Claim =
  | 'at-most-once'
  | 'truthful'
  | 'deadline'
  | 'reply'
  | 'stream'
  | 'progress'
  | 'nothing-left'
  | 'invariant'
  | 'frugal'

/** Further ones of a run say nothing new. */
const violationsMax = 100

export class CallLedger {
  readonly violations: Violation[] = []
  /** How often each kind of end came up, so that a test can see that runs were not idle. */
  readonly ends = new Map<string, number>()
  readonly #made = new Map<number, Made>()
  readonly #nowMs: () => number

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  get calls(): Iterable<Made> {
    return this.#made.values()
  }

  get size(): number {
    return this.#made.size
  }

  open(call: Pick<Made, 'token' | 'from' | 'to' | 'window'>): Made {
    const nothingYet = { items: 0, consumed: 0, runs: 0, replied: undefined, produced: 0, end: undefined }
    const made: Made = { ...call, deadline: Number.POSITIVE_INFINITY, ...nothingYet }
    this.#made.set(made.token, made)
    return made
  }

  /** Undefined, and a violation: nobody made such a call. */
  find(token: number): Made | undefined {
    const made = this.#made.get(token)
    if (made === undefined) this.violated('reply', `nobody made a call ${token}`)
    return made
  }

  onRun(made: Made, member: Address): void {
    made.runs++
    this.expect(made.runs === 1, 'at-most-once', made.token, `runs for the ${made.runs}. time`)
    this.expect(member === made.to, 'at-most-once', made.token, `runs at ${member}, and was sent to ${made.to}`)
    const isDenied = made.end?.kind === 'failed' && made.end.executed === 'no'
    this.expect(!isDenied, 'truthful', made.token, 'runs after all')
  }

  onEnd(made: Made, end: Extract<Outcome, { kind: 'completed' | 'failed' }>, tokenOfReply: number | undefined): void {
    const { token } = made
    this.expect(made.end === undefined, 'reply', token, 'ends twice')
    made.end = end
    if (end.kind === 'failed') {
      this.count(`${end.code} ${end.executed}`)
      if (end.executed === 'no')
        this.expect(made.runs === 0, 'truthful', token, `was said not to have run (${end.code}), and ran`)
      if (end.executed === 'yes') this.expect(made.runs === 1, 'truthful', token, 'was said to have run, and did not')
      return
    }
    this.count(`completed ${end.status}`)
    const isSame = made.replied === end.status
    this.expect(isSame, 'reply', token, `completed ${end.status} where the handler said ${made.replied}`)
    this.expect(tokenOfReply === token, 'reply', token, "has another call's reply")
    this.expect(made.items === made.produced, 'stream', token, `has ${made.items} items of ${made.produced}`)
  }

  onItem(made: Made, isRight: boolean): void {
    const { token } = made
    this.expect(made.end === undefined, 'stream', token, 'has an item after its end')
    this.expect(isRight, 'stream', token, `has a wrong item in the place of ${made.items}`)
    made.items++
    this.expect(made.items - made.consumed <= made.window, 'stream', token, 'has more items than its window')
  }

  count(end: string): void {
    this.ends.set(end, (this.ends.get(end) ?? 0) + 1)
  }

  expect(holds: boolean, claim: Claim, token: number, text: string): void {
    if (!holds) this.violated(claim, `call ${token} ${text}`)
  }

  violated(claim: Claim, text: string): void {
    if (this.violations.length >= violationsMax) return
    this.violations.push({ claim, text: `${this.#nowMs().toFixed(1)} ms: ${text}` })
  }
}
