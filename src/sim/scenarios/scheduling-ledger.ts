/**
 * What one computer's tasks did, as the computer saw it, and what must be true of that: it knows nothing of the machine's state.
 *
 * Between two changes the picture stands still, and is held against the claims when the next change comes at a later time. Bounds
 * of time allow for clocks that are wrong by a tenth.
 */
import type { Doing } from '../../protocols/scheduling/schedule.ts'
import type { Settings } from '../../protocols/scheduling/state.ts'
import type { ViolationList } from './violation-list.ts'

interface Seen {
  readonly process: number
  relative: number
  doing: Doing | undefined
  core: number
  sinceMs: number
}

const clockSlack = 1.2
const slackMs = 0.01

export class SchedulingLedger {
  readonly #settings: Settings
  readonly #violations: ViolationList
  readonly #nowMs: () => number
  readonly #tasks = new Map<number, Seen>()
  readonly #processes = new Map<number, number>()
  /** Tasks above the threshold that lost their core, and which one: somebody more urgent must have it. */
  readonly #ousted = new Map<number, number>()
  #changedMs = 0

  constructor(settings: Settings, violations: ViolationList, nowMs: () => number) {
    this.#settings = settings
    this.#violations = violations
    this.#nowMs = nowMs
  }

  get alive(): readonly number[] {
    return [...this.#tasks].filter(([, seen]) => seen.doing !== undefined).map(([task]) => task)
  }

  onAdded(task: number, process: number, relative: number): void {
    this.#tasks.set(task, { process, relative, doing: undefined, core: -1, sinceMs: this.#nowMs() })
  }

  onAdjusted(task: number, relative: number): void {
    this.#checkPicture()
    const seen = this.#tasks.get(task)
    if (seen !== undefined) seen.relative = relative
  }

  onProcessAdjusted(process: number, priority: number): void {
    this.#checkPicture()
    this.#processes.set(process, priority)
  }

  /** Undefined: it has ended. */
  onDoing(task: number, doing: Doing | undefined, core: number): void {
    this.#checkPicture()
    const seen = this.#tasks.get(task)
    if (seen === undefined) return
    const nowMs = this.#nowMs()
    const isFree = doing !== 'running' || seen.doing === 'ready'
    this.#expect(isFree, 'one-core-a-task', `task ${task} is ${seen.doing}, and is run on core ${core}`)
    if (doing === 'running' && seen.doing === 'ready') this.#checkWait(task, nowMs - seen.sinceMs)
    if (doing === 'ready' && seen.doing === 'running') this.#ousted.set(task, seen.core)
    else this.#ousted.delete(task)
    seen.doing = doing
    seen.core = core
    seen.sinceMs = nowMs
    if (doing === undefined) this.#forgetProcess(seen.process)
  }

  /** A process is forgotten with its last task. */
  #forgetProcess(process: number): void {
    for (const seen of this.#tasks.values()) if (seen.process === process && seen.doing !== undefined) return
    this.#processes.delete(process)
  }

  #checkPicture(): void {
    const nowMs = this.#nowMs()
    if (nowMs - this.#changedMs <= slackMs) return
    this.#changedMs = nowMs
    const seen = [...this.#tasks.values()]
    const running = seen.filter((each) => each.doing === 'running')
    const ready = seen.filter((each) => each.doing === 'ready')
    const { cores } = this.#settings
    this.#expect(
      ready.length === 0 || running.length >= cores,
      'work-conserving',
      `${ready.length} wait for an idle core`,
    )
    this.#checkUrgency(running, ready)
    this.#checkOusted()
  }

  #checkUrgency(running: readonly Seen[], ready: readonly Seen[]): void {
    const { rule, ageingMs, sliceThreshold } = this.#settings
    if (rule !== 'chorus' && (rule !== 'priority' || ageingMs !== Number.POSITIVE_INFINITY)) return
    const first = Math.max(-1, ...ready.map((each) => this.#priority(each)))
    const last = Math.min(256, ...running.map((each) => this.#priority(each)))
    // Whoever has aged may be ahead of its priority, but never above the threshold.
    if (ageingMs !== Number.POSITIVE_INFINITY && first <= sliceThreshold) return
    this.#expect(first <= last, 'urgent-first', `priority ${first} waits while ${last} runs`)
  }

  #checkOusted(): void {
    const { rule, sliceThreshold } = this.#settings
    for (const [task, core] of this.#ousted) {
      const seen = this.#tasks.get(task)
      const by = [...this.#tasks.values()].find((each) => each.doing === 'running' && each.core === core)
      if (rule !== 'chorus' || seen === undefined || by === undefined || this.#priority(seen) <= sliceThreshold)
        continue
      this.#expect(this.#priority(by) > this.#priority(seen), 'not-sliced', `task ${task} is above the threshold`)
    }
    this.#ousted.clear()
  }

  #checkWait(task: number, waitedMs: number): void {
    const { rule, quantumMs, boostMs, feedbackLevels } = this.#settings
    const others = this.#tasks.size - 1
    const turnsMs = others * quantumMs
    const bounds: Readonly<Record<string, number>> = {
      'round-robin': turnsMs,
      feedback: boostMs + turnsMs + quantumMs * 2 ** feedbackLevels,
    }
    const bound = bounds[rule]
    if (bound === undefined) return
    const text = `task ${task} waited ${waitedMs} ms among ${others} others, with a bound of ${bound}`
    this.#expect(waitedMs <= bound * clockSlack + slackMs, 'no-starvation', text)
  }

  #priority(seen: Seen): number {
    return (this.#processes.get(seen.process) ?? this.#settings.processPriority) + seen.relative
  }

  #expect(holds: boolean, claim: string, text: string): void {
    this.#violations.expect(holds, claim, text)
  }
}
