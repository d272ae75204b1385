/**
 * Runs mutated inputs against one target, many or for a time, and keeps what is worth mutating further.
 *
 * Without coverage the seed alone decides every input, so that a test can promise what it ran. With it, the inputs of a
 * batch that reached new code join the corpus, up to a bound: they are found by running halves of the batch again.
 */
import { seededRandom, type Random } from '../../src/lib/random.ts'
import type { Coverage } from './coverage.ts'
import { mutated } from './mutation.ts'
import { shrunk } from './shrinking.ts'
import { judge, replayCommand, type Target, type Verdict } from './target.ts'

const batchInputs = 500
/** Found inputs kept for one target; over this a random one gives way. */
const foundMax = 2_000
/** No frame may hold the event loop up for longer. */
export const stallMsMax = 50
const stallConfirmations = 3

export interface Failure {
  readonly target: Target
  readonly input: Uint8Array
  readonly claim: string
}

export class Campaign {
  readonly target: Target
  readonly #corpus: Uint8Array[]
  readonly #random: Random
  readonly #coverage: Coverage | undefined
  inputs = 0
  slowestMs = 0

  constructor(target: Target, seed: number, coverage?: Coverage) {
    this.target = target
    this.#corpus = [...target.seeds]
    this.#random = seededRandom(seed)
    this.#coverage = coverage
  }

  /** Inputs that reached new code. */
  get found(): number {
    return this.#corpus.length - this.target.seeds.length
  }

  /** Runs the valid inputs, as they are. Undefined, or the first failure. */
  async runSeeds(): Promise<Failure | undefined> {
    const failure = await this.#run(this.target.seeds)
    this.#coverage?.hasNew()
    return failure
  }

  /** Runs so many mutated inputs. Undefined, or the first failure, made smaller. */
  async runMutated(count: number): Promise<Failure | undefined> {
    for (let left = count; left > 0; left -= batchInputs) {
      const failure = await this.#runBatch(Math.min(left, batchInputs))
      if (failure !== undefined) return await smaller(failure)
    }
    return undefined
  }

  async #runBatch(count: number): Promise<Failure | undefined> {
    const kept: Uint8Array[] = []
    for (let left = count; left > 0; left--) {
      const input = mutated(this.#corpus, this.#random)
      if (this.#coverage !== undefined) kept.push(input)
      const verdict = this.#coverage === undefined ? judge(this.target, input) : this.#timed(input)
      // Most targets need no turn, and a turn for each of a million inputs would cost more than they do.
      const claim = verdict instanceof Promise ? await verdict : verdict
      this.inputs++
      if (claim !== undefined) return { target: this.target, input, claim }
    }
    if (this.#coverage?.hasNew(false) === true) await this.#keepFinders(this.#coverage, kept)
    return undefined
  }

  /** Only beside coverage, never in a test: what a busy machine does must fail none. */
  async #timed(input: Uint8Array): Promise<Verdict> {
    const startedMs = performance.now()
    const verdict = await judge(this.target, input)
    const tookMs = performance.now() - startedMs
    if (tookMs > this.slowestMs) this.slowestMs = tookMs
    return tookMs > stallMsMax && verdict === undefined ? await stallOf(this.target, input) : verdict
  }

  async #keepFinders(coverage: Coverage, inputs: readonly Uint8Array[]): Promise<void> {
    await this.#run(inputs)
    if (!coverage.hasNew(inputs.length === 1)) return
    const [input] = inputs
    if (inputs.length > 1) {
      const middle = inputs.length >> 1
      await this.#keepFinders(coverage, inputs.slice(0, middle))
      await this.#keepFinders(coverage, inputs.slice(middle))
    } else if (input !== undefined) this.#keep(input)
  }

  #keep(input: Uint8Array): void {
    if (this.found < foundMax) this.#corpus.push(input)
    else this.#corpus[this.target.seeds.length + this.#random.below(foundMax)] = input
  }

  async #run(inputs: readonly Uint8Array[]): Promise<Failure | undefined> {
    for (const input of inputs) {
      const claim = await judge(this.target, input)
      if (claim !== undefined) return { target: this.target, input, claim }
    }
    return undefined
  }
}

/**
 * A stall is one only where it shows each time: the collector, or another process, may have held up the first run. All
 * turns that an input needs count as one, since nothing of the outside lies between them.
 */
export async function stallOf(target: Target, input: Uint8Array): Promise<Verdict> {
  let shortestMs = Number.POSITIVE_INFINITY
  for (let run = 0; run < stallConfirmations; run++) {
    const startedMs = performance.now()
    await judge(target, input)
    shortestMs = Math.min(shortestMs, performance.now() - startedMs)
  }
  return shortestMs > stallMsMax ? `holds the event loop up for ${Math.round(shortestMs)} ms` : undefined
}

async function smaller(failure: Failure): Promise<Failure> {
  const { target } = failure
  if (failure.claim.startsWith('holds')) return failure
  const input = await shrunk(failure.input, async (candidate) => (await judge(target, candidate)) !== undefined)
  return { target, input, claim: (await judge(target, input)) ?? failure.claim }
}

export function failureText({ target, input, claim }: Failure): string {
  return `${target.name}: ${claim}\n  ${replayCommand(target, input)}`
}
