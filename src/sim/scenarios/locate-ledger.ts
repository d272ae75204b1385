/**
 * Where ports really were, what each member was told of it, and what became of each question: so every answer of the
 * locate machine is held against what was.
 *
 * An answer of a search names a life that served the port since the search began. One from memory is what a search of
 * that life found, and nothing has taken back: no NOTHERE, no `not-here`, no death that was told.
 */
import { type Address, memberOf, type Port } from '../../lib/identifiers.ts'
import { checkProgress, type ProgressBounds } from '../checkers/progress.ts'
import type { ViolationList } from './violation-list.ts'

interface Served {
  readonly at: Address
  readonly fromMs: number
  untilMs: number | undefined
}

interface Question {
  readonly request: number
  readonly member: Address
  readonly port: Port
  readonly invokedMs: number
  completedMs: number | undefined
}

interface Knowledge {
  /** Where searches found ports, as far as nothing has taken it back. */
  readonly places: Map<Port, Address>
  /** When the last search for each port began. */
  readonly begunMs: Map<Port, number>
}

export class LocateLedger {
  readonly #violations: ViolationList
  readonly #nowMs: () => number
  readonly #served = new Map<Port, Served[]>()
  readonly #questions = new Map<number, Question>()
  readonly #known = new Map<Address, Knowledge>()

  constructor(violations: ViolationList, nowMs: () => number) {
    this.#violations = violations
    this.#nowMs = nowMs
  }

  get size(): number {
    return this.#questions.size
  }

  open(request: number, member: Address, port: Port): void {
    this.#questions.set(request, { request, member, port, invokedMs: this.#nowMs(), completedMs: undefined })
  }

  cancel(request: number): void {
    const question = this.#questions.get(request)
    if (question !== undefined) question.completedMs ??= this.#nowMs()
  }

  onServe(at: Address, port: Port): void {
    if (this.serves(at, port)) return
    this.#servedOf(port).push({ at, fromMs: this.#nowMs(), untilMs: undefined })
    this.#knowledgeOf(at).places.delete(port)
  }

  onWithdraw(at: Address, port: Port): void {
    for (const each of this.#servedOf(port)) if (each.at === at) each.untilMs ??= this.#nowMs()
  }

  onCrashed(gone: Address): void {
    for (const port of this.#served.keys()) this.onWithdraw(gone, port)
    for (const question of this.#questions.values()) if (question.member === gone) this.cancel(question.request)
    this.#known.delete(gone)
  }

  /** This member is told that the place is no more. */
  onTakenBack(member: Address, port: Port, at: Address): void {
    const { places } = this.#knowledgeOf(member)
    if (places.get(port) === at) places.delete(port)
  }

  /** This member is told that the life is over. */
  onParted(member: Address, peer: Address): void {
    const { places } = this.#knowledgeOf(member)
    for (const [port, at] of places) if (at === peer) places.delete(port)
  }

  /** Of a newer life: what was known of earlier ones is over. */
  onJoined(member: Address, peer: Address): void {
    const { places } = this.#knowledgeOf(member)
    for (const [port, at] of places) if (memberOf(at) === memberOf(peer) && at !== peer) places.delete(port)
  }

  onSearchBegun(member: Address, port: Port): void {
    this.#knowledgeOf(member).begunMs.set(port, this.#nowMs())
  }

  /** @param isSearched - a search ended with it; else it came at once. */
  onLocated(member: Address, request: number, port: Port, at: Address, isSearched: boolean): void {
    this.onEnd(request)
    const knowledge = this.#knowledgeOf(member)
    if (at === member) {
      const text = `${member} finds ${port} at itself, and does not serve it`
      this.#violations.expect(this.serves(at, port), 'located', text)
    } else if (isSearched) {
      const sinceMs = knowledge.begunMs.get(port) ?? Number.POSITIVE_INFINITY
      const wasThere = this.#servedOf(port).some(
        (each) => each.at === at && (each.untilMs ?? Number.POSITIVE_INFINITY) >= sinceMs,
      )
      const text = `${member} finds ${port} at ${at}, which has not served it since ${sinceMs} ms`
      this.#violations.expect(wasThere, 'located', text)
      knowledge.places.set(port, at)
    } else {
      const isRemembered = knowledge.places.get(port) === at
      const text = `${member} remembers ${port} at ${at}, which was taken back or never found`
      this.#violations.expect(isRemembered, 'remembered', text)
    }
  }

  onEnd(request: number): void {
    const question = this.#questions.get(request)
    const isAwaited = question !== undefined && question.completedMs === undefined
    this.#violations.expect(isAwaited, 'answered-once', `question ${request} is answered, and nobody waits for it`)
    if (question !== undefined) question.completedMs ??= this.#nowMs()
  }

  serves(at: Address, port: Port): boolean {
    return this.#servedOf(port).some((each) => each.at === at && each.untilMs === undefined)
  }

  isServed(port: Port): boolean {
    return this.#servedOf(port).some(({ untilMs }) => untilMs === undefined)
  }

  checkProgress(bounds: ProgressBounds): void {
    const attempts = [...this.#questions.values()].map(({ request, member, invokedMs, completedMs }) => ({
      operation: `question ${request} of ${member}`,
      invokedMs,
      ...(completedMs === undefined ? {} : { completedMs }),
    }))
    const progress = checkProgress(attempts, bounds)
    if (!progress.holds) this.#violations.add('progress', progress.text)
  }

  #knowledgeOf(member: Address): Knowledge {
    const known = this.#known.get(member) ?? { places: new Map(), begunMs: new Map() }
    this.#known.set(member, known)
    return known
  }

  #servedOf(port: Port): Served[] {
    const known = this.#served.get(port) ?? []
    this.#served.set(port, known)
    return known
  }
}
