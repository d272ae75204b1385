/**
 * What two global states have in common when they are the same one: a hash of 64 bits, or in exact mode a whole text.
 *
 * A state is a bag of parts (members, messages, history, faults spent): the hashes of the parts are added up, so a
 * part that a step did not touch costs nothing, and the order in which messages were sent does not count. With
 * interchangeable members the form is the least over all their permutations, which makes up to n! states into one and
 * costs n! times the work for each part that changed.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { MemberId } from '../../lib/identifiers.ts'
import { bagText, canonicalText, type Wording } from './canonical-text.ts'
import type { AnyModel } from './exploration.ts'
import type { AnyFlight, AnyGlobal, AnyMember, Part, Recorded, Spent } from './global-state.ts'
import { hash64, spread } from './hash64.ts'

export interface CanonicalForm {
  readonly low: number
  readonly high: number
  /** Empty unless forms are exact. */
  readonly text: string
}

/** 120 permutations. */
export const symmetricMax = 5

export class CanonicalForms {
  readonly #wordings: readonly Wording[]
  readonly #isExact: boolean
  readonly #isOrdered: boolean
  readonly #hasClock: boolean

  constructor(model: AnyModel, isExact: boolean) {
    const isSorted = model.collections !== 'as-inserted'
    this.#wordings = renamings(model).map((renamed) => ({ renamed, isSorted }))
    this.#isExact = isExact
    this.#isOrdered = model.links === 'ordered'
    this.#hasClock = model.time === 'by-timers'
  }

  of(global: AnyGlobal): CanonicalForm {
    let least = this.#under(global, 0)
    for (let permutation = 1; permutation < this.#wordings.length; permutation++) {
      const form = this.#under(global, permutation)
      if (isBefore(form, least)) least = form
    }
    return least
  }

  #under(global: AnyGlobal, permutation: number): CanonicalForm {
    const bag = new Bag()
    for (const member of global.members) bag.add(this.#member(member, permutation))
    const { inFlight } = global
    inFlight.forEach((flight, index) => bag.add(this.#flight(flight, permutation), this.#placeOf(inFlight, index)))
    bag.add(this.#history(global.history, permutation))
    bag.add(this.#spent(global.spent, permutation))
    return this.#isExact ? bag.exactForm() : bag.form()
  }

  #member(member: AnyMember, permutation: number): CanonicalForm {
    return this.#form(member, permutation, (wording) => {
      const { address, state, timers, records, outbox, calls, nowMs } = member
      const armed = timers.map(({ timer, dueAtMs }) => (this.#hasClock ? [timer, dueAtMs] : timer))
      const waits = outbox.map((output) => (output.kind === 'send' ? [output.to, output.message] : output))
      const waiting = calls.map(({ call, endsWithLife }) => [call, endsWithLife])
      const texts = [address, state, records, waits, nowMs].map((each) => canonicalText(each, wording))
      return `m${texts.join('')}${bagText(armed, wording)}${bagText(waiting, wording)}`
    })
  }

  #flight(flight: AnyFlight, permutation: number): CanonicalForm {
    const { from, to, message } = flight
    return this.#form(flight, permutation, (wording) => `f${canonicalText([from, to, message], wording)}`)
  }

  #history(history: Recorded<unknown>, permutation: number): CanonicalForm {
    return this.#form(history, permutation, (wording) => `h${canonicalText(history.value, wording)}`)
  }

  #spent(spent: Spent, permutation: number): CanonicalForm {
    const { losses, duplicates, crashes, timerFirings, persistFailures } = spent
    return this.#form(spent, permutation, () =>
      ['s', losses, duplicates, crashes, timerFirings, persistFailures].join(),
    )
  }

  #form(part: Part, permutation: number, textOf: (wording: Wording) => string): CanonicalForm {
    const known = part.forms[permutation]
    if (known !== undefined) return known
    const wording = this.#wordings[permutation] ?? { renamed: undefined, isSorted: true }
    const text = textOf(wording)
    const { low, high } = hash64(text)
    const form = { low, high, text: this.#isExact ? text : '' }
    part.forms[permutation] = form
    return form
  }

  /** How many messages are before it on its link; 0 where links keep no order. */
  #placeOf(inFlight: readonly AnyFlight[], index: number): number {
    if (!this.#isOrdered) return 0
    const flight = inFlight[index]
    let place = 0
    for (let before = 0; before < index; before++) {
      const other = inFlight[before]
      if (other?.from === flight?.from && other?.to === flight?.to) place++
    }
    return place
  }
}

/** Adds up hashes: the order of what is added does not count, how often it is added does. */
class Bag {
  #low = 0
  #high = 0
  readonly #texts: string[] = []

  add({ low, high, text }: CanonicalForm, place = 0): void {
    this.#low = (this.#low + spread(low + Math.imul(place, 0x3c6ef372))) | 0
    this.#high = (this.#high + spread(high ^ Math.imul(place, 0x1b873593) ^ 0x5bf03635)) | 0
    if (text !== '') this.#texts.push(`${place}@${text}`)
  }

  form(): CanonicalForm {
    return { low: this.#low, high: this.#high, text: '' }
  }

  exactForm(): CanonicalForm {
    return { low: this.#low, high: this.#high, text: this.#texts.sort().join('|') }
  }
}

function isBefore(left: CanonicalForm, right: CanonicalForm): boolean {
  if (left.text !== right.text) return left.text < right.text
  return left.high === right.high ? left.low < right.low : left.high < right.high
}

/** The first one renames nothing. */
function renamings({ symmetric = [], members }: AnyModel): (ReadonlyMap<string, string> | undefined)[] {
  const isKnown = symmetric.every((name) => members.includes(name))
  if (symmetric.length > symmetricMax || !isKnown) {
    throw new CardumenError('option-invalid', `At most ${symmetricMax} members of a model can be interchangeable.`)
  }
  if (symmetric.length < 2) return [undefined]
  return permutationsOf(symmetric).map((order, index) =>
    index === 0 ? undefined : new Map(symmetric.map((name, place) => [name, order[place] ?? name])),
  )
}

/** The given order comes first. */
function permutationsOf(names: readonly MemberId[]): MemberId[][] {
  if (names.length === 0) return [[]]
  return names.flatMap((first) =>
    permutationsOf(names.filter((name) => name !== first)).map((rest) => [first, ...rest]),
  )
}
