/**
 * What became of each wish to enter, and of each entry: so the promises of the token ring are held against what was.
 *
 * Entries of one generation exclude each other and their numbers grow. Those of two generations may overlap: between
 * them stands the store. Fairness is looked at only where nobody died and no second token was made.
 */
import { type Address, memberOf } from '../../lib/identifiers.ts'
import type { FencingToken } from '../../protocols/mutex/messages.ts'
import { checkExclusion, type Tenure } from '../checkers/exclusion.ts'
import { checkProgress, type ProgressBounds } from '../checkers/progress.ts'
import { isOlder } from './token-ring-store.ts'
import type { ViolationList } from './violation-list.ts'

interface Wish {
  readonly request: number
  readonly member: Address
  readonly invokedMs: number
  completedMs: number | undefined
  /** Entries of all that there were when its member got to it. */
  entriesBefore: number | undefined
}

interface Entry {
  readonly request: number
  readonly member: Address
  readonly token: FencingToken
  readonly fromMs: number
  untilMs: number | undefined
}

export class RingLedger {
  readonly entries: Entry[] = []
  readonly #wishes = new Map<number, Wish>()
  readonly #inside = new Map<number, Entry>()
  readonly #newest = new Map<Address, FencingToken>()
  readonly #violations: ViolationList
  readonly #nowMs: () => number

  constructor(violations: ViolationList, nowMs: () => number) {
    this.#violations = violations
    this.#nowMs = nowMs
  }

  get size(): number {
    return this.#wishes.size + this.entries.length
  }

  open(request: number, member: Address): void {
    const unknownYet = { completedMs: undefined, entriesBefore: undefined }
    this.#wishes.set(request, { request, member, invokedMs: this.#nowMs(), ...unknownYet })
  }

  /** Its member got to it. */
  onTaken(request: number): void {
    const wish = this.#wishes.get(request)
    if (wish !== undefined) wish.entriesBefore ??= this.entries.length
  }

  onEntered(member: Address, request: number, token: FencingToken): void {
    const wish = this.#wishes.get(request)
    const isAwaited = wish !== undefined && wish.completedMs === undefined && wish.member === member
    this.#violations.expect(isAwaited, 'entered-once', `${member} enters for request ${request}, which does not wait`)
    if (wish !== undefined) wish.completedMs = this.#nowMs()
    const newest = this.#newest.get(member)
    this.#violations.expect(
      newest === undefined || isOlder(newest, token),
      'fencing-grows',
      `${member} is given fencing token ${token.join('/')} after ${newest?.join('/')}`,
    )
    this.#newest.set(member, token)
    const entry: Entry = { request, member, token, fromMs: this.#nowMs(), untilMs: undefined }
    this.entries.push(entry)
    this.#inside.set(request, entry)
  }

  /** It left, or was taken back, or refused. */
  onOver(request: number): void {
    const wish = this.#wishes.get(request)
    if (wish !== undefined) wish.completedMs ??= this.#nowMs()
    const entry = this.#inside.get(request)
    if (entry !== undefined) entry.untilMs = this.#nowMs()
    this.#inside.delete(request)
  }

  onCrashed(member: Address): void {
    for (const wish of this.#wishes.values()) if (wish.member === member) this.onOver(wish.request)
  }

  checkEnd(bounds: ProgressBounds, isQuiet: boolean): void {
    const attempts = [...this.#wishes.values()].map(({ request, member, invokedMs, completedMs }) => ({
      operation: `request ${request} of ${member} to enter`,
      invokedMs,
      ...(completedMs === undefined ? {} : { completedMs }),
    }))
    const progress = checkProgress(attempts, bounds)
    if (!progress.holds) this.#violations.add('progress', progress.text)
    for (const tenures of this.#tenures().values()) {
      const exclusion = checkExclusion({ tenures })
      if (!exclusion.holds) this.#violations.add('exclusion', exclusion.text)
    }
    if (isQuiet) for (const wish of this.#wishes.values()) this.#checkFairness(wish)
  }

  /** By generation. */
  #tenures(): ReadonlyMap<number, readonly Tenure[]> {
    const all = new Map<number, Tenure[]>()
    for (const { member, token, fromMs, untilMs } of this.entries) {
      const [generation, entry] = token
      const tenure = { holder: member, token: entry, fromMs, ...(untilMs === undefined ? {} : { untilMs }) }
      const known = all.get(generation)
      if (known === undefined) all.set(generation, [tenure])
      else known.push(tenure)
    }
    return all
  }

  /** While it waits, nobody else enters more often than the token comes to its own member. */
  #checkFairness({ request, member, entriesBefore }: Wish): void {
    const at = this.entries.findIndex((entry) => entry.request === request)
    if (at === -1 || entriesBefore === undefined) return
    const between = new Map<string, number>()
    for (const entry of this.entries.slice(entriesBefore, at))
      between.set(memberOf(entry.member), (between.get(memberOf(entry.member)) ?? 0) + 1)
    const own = between.get(memberOf(member)) ?? 0
    for (const [other, count] of between) {
      const isFair = other === memberOf(member) || count <= own + 1
      this.#violations.expect(
        isFair,
        'fairness',
        `${other} enters ${count} times before request ${request} of ${member}`,
      )
    }
  }
}
