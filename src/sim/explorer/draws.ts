/**
 * What steps draw while exploring: always the same numbers, or in turn each number that they may.
 *
 * In a model that explores each draw, the numbers of one choice are a path through all that `below` was asked for: the
 * last one that can still grow is the next one to grow. `next` has too many values for that, and gives the same ones.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { type Random, seededRandom } from '../../lib/random.ts'

export class Draws implements Random {
  readonly #isEach: boolean
  /** Made only for a machine that draws. */
  #random: Random | undefined
  #wanted: readonly number[] = []
  #drawn: number[] = []
  #bounds: number[] = []

  constructor(isEach: boolean) {
    this.#isEach = isEach
  }

  /** A choice begins, whose steps are to draw `wanted`. */
  begin(wanted: readonly number[] = []): void {
    this.#wanted = wanted
    this.#drawn = []
    this.#bounds = []
  }

  beginStep(): void {
    this.#random = undefined
  }

  get drawn(): readonly number[] {
    return this.#drawn
  }

  /** The next path after that of the choice that has just been carried out; undefined: it was the last. */
  others(): readonly number[] | undefined {
    const others = [...this.#drawn]
    for (let place = others.length - 1; place >= 0; place--) {
      const drawn = others[place] ?? 0
      if (drawn + 1 < (this.#bounds[place] ?? 0)) return [...others.slice(0, place), drawn + 1]
    }
    return undefined
  }

  next(): number {
    return this.#same().next()
  }

  below(bound: number): number {
    if (!this.#isEach) return this.#same().below(bound)
    const value = this.#wanted[this.#drawn.length] ?? 0
    if (!Number.isSafeInteger(value) || value < 0 || value >= bound) throw cannotBeDrawn(value, bound)
    this.#drawn.push(value)
    this.#bounds.push(bound)
    return value
  }

  #same(): Random {
    this.#random ??= seededRandom(1)
    return this.#random
  }
}

/** Only a schedule that was saved by another version, or edited, has such a number. */
function cannotBeDrawn(value: unknown, bound: number): CardumenError {
  return new CardumenError('option-invalid', `A step draws a number below ${bound}, which ${String(value)} is not.`, {
    hint: 'Explore the model again, and save a new counterexample.',
  })
}
