/**
 * Which code of ours has run so far, by V8's own block coverage of this very process.
 *
 * It must start before the modules that it watches are loaded: code that was compiled without counters gets none later.
 * One byte for each character of a source says whether it has ever run; V8 reports only what ran since it was last asked.
 */
import { Session, type Profiler } from 'node:inspector'

const watched = /\/src\/(?:lib|wire|protocols|edges|kernel)\//

export class Coverage {
  readonly #session = new Session()
  readonly #reached = new Map<string, Uint8Array>()

  constructor() {
    this.#session.connect()
    this.#session.post('Profiler.enable')
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  /** Whether anything ran since the last question that never had before; it counts as reached from then on, if wanted. */
  hasNew(isKept = true): boolean {
    let isNew = false
    for (const { url, functions } of this.#taken()) {
      if (watched.test(url) && this.#add(url, functions, isKept)) isNew = true
    }
    return isNew
  }

  /** Characters of our sources that have run. */
  get reachedCharacters(): number {
    let count = 0
    for (const reached of this.#reached.values()) for (const each of reached) count += each
    return count
  }

  close(): void {
    this.#session.disconnect()
  }

  /** The session is of this thread: it answers before `post` returns. */
  #taken(): readonly Profiler.ScriptCoverage[] {
    let taken: readonly Profiler.ScriptCoverage[] = []
    this.#session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error !== null) throw error
      taken = answer.result
    })
    return taken
  }

  #add(url: string, functions: readonly Profiler.FunctionCoverage[], isKept: boolean): boolean {
    const ran = bytesRun(functions)
    let reached = this.#reached.get(url)
    if (reached === undefined || reached.length < ran.length) {
      const grown = new Uint8Array(ran.length)
      grown.set(reached ?? [])
      reached = grown
      this.#reached.set(url, grown)
    }
    let isNew = false
    for (let at = 0; at < ran.length; at++) {
      if (ran[at] !== 1 || reached[at] === 1) continue
      isNew = true
      if (!isKept) break
      reached[at] = 1
    }
    return isNew
  }
}

/** Outer functions and blocks come before inner ones, which say more. */
function bytesRun(functions: readonly Profiler.FunctionCoverage[]): Uint8Array {
  const ranges = functions.flatMap((each) => each.ranges)
  const ran = new Uint8Array(ranges.reduce((end, range) => Math.max(end, range.endOffset), 0))
  for (const { startOffset, endOffset, count } of ranges) ran.fill(count > 0 ? 1 : 0, startOffset, endOffset)
  return ran
}
