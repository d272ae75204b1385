/**
 * The scheduler's machine for work that runs in one thread of JavaScript: one core, and nobody is stopped but where it offers.
 *
 * It tells who is to run (`running`), and keeps the schedule where one is wanted. It runs nothing itself: that is its users'
 * part (`cooperative-scheduler.ts`, `../user-space/user-threads.ts`). A call that the machine refuses is thrown.
 */
import { assert } from '../../lib/assert.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { instant } from '../../lib/identifiers.ts'
import type { Context } from '../../lib/machine.ts'
import { seededRandom } from '../../lib/random.ts'
import type { Call, NewTask, Outcome, RefusalReason, RuleName, Sink } from '../../protocols/scheduling/messages.ts'
import { ruleNames } from '../../protocols/scheduling/messages.ts'
import {
  emptySchedule,
  recordArrival,
  recordDoing,
  recordEnd,
  recordUntil,
  type Schedule,
} from '../../protocols/scheduling/schedule.ts'
import { step } from '../../protocols/scheduling/scheduling.ts'
import { defaultSettings, initialState, type Settings, type State } from '../../protocols/scheduling/state.ts'

/** What users may choose of the machine's settings. */
export interface RuleOptions {
  readonly rule?: RuleName
  /** A turn, by the rules that slice time; only where a task offers. Default 10. */
  readonly quantumMs?: number
  /** Absolute priorities above it have no turns. Default 127. */
  readonly sliceThreshold?: number
  /** Default: nobody ages. */
  readonly ageingMs?: number
  readonly boostMs?: number
  /** Of the lottery; default: drawn. */
  readonly seed?: number
  /** Keeps who ran when, for `drawSchedule`. Default: it does not. */
  readonly isRecorded?: boolean
}

export const nobody = -1

export class RuleDriver {
  /** Who is to run; `nobody`: all are blocked. */
  running: number = nobody
  readonly schedule: Schedule | undefined
  readonly #state: State
  readonly #context: { -readonly [Key in keyof Context]: Context[Key] }
  readonly #sink: Sink
  /** Times are counted from the first task on. */
  #startedMs: number | undefined
  #ageAtMs = Number.POSITIVE_INFINITY
  #refusal: RefusalReason | undefined

  constructor(options: RuleOptions) {
    this.#state = initialState({ ...settingsOf(options), preemption: 'at-offers' })
    this.schedule = options.isRecorded === true ? emptySchedule() : undefined
    const random = seededRandom(options.seed ?? Math.floor(Math.random() * 2 ** 32))
    this.#context = { now: instant(0), random }
    this.#sink = {
      send: () => {},
      persist: () => {},
      setTimer: ({ kind }, delayMs) => {
        if (kind === 'age') this.#ageAtMs = this.#context.now + delayMs
      },
      clearTimer: () => {},
      outcome: (outcome) => this.#onOutcome(outcome),
    }
  }

  /** Those that have not ended. */
  get size(): number {
    return this.#state.tasks.size
  }

  get ready(): number {
    return this.#state.ready
  }

  /** @throws CardumenError `option-invalid`, `capacity-reached`. */
  add(name: string, task: NewTask): void {
    this.#startedMs ??= performance.now()
    this.#readClock()
    if (this.schedule !== undefined) recordArrival(this.schedule, task.task, name, this.#context.now)
    try {
      this.tellWithoutClock({ kind: 'add', tasks: [task] })
    } catch (error) {
      this.schedule?.tasks.delete(task.task)
      throw error
    }
  }

  /** By the clock of this driver, when it was last told something. */
  get nowMs(): number {
    return this.#context.now
  }

  /** What its clock shows now. */
  readMs(): number {
    this.#readClock()
    return this.#context.now
  }

  /** What a task does, or what is done to it. @throws CardumenError where it makes no sense. */
  tell(call: Call): void {
    this.#readClock()
    if (this.#context.now >= this.#ageAtMs) this.#age()
    this.tellWithoutClock(call)
  }

  /** For the rules that measure no time: the clock costs as much as all the rest of a switch. */
  tellWithoutClock(call: Call): void {
    step(this.#state, { kind: 'call', call }, this.#context, this.#sink)
    if (this.schedule !== undefined) this.#record(call)
    if (this.#refusal !== undefined) this.#throwRefusal(call)
  }

  /** The schedule until now. */
  scheduleNow(): Schedule {
    if (this.schedule === undefined)
      throw new CardumenError('option-invalid', 'No schedule is kept.', { hint: 'Give the option isRecorded: true.' })
    this.#readClock()
    recordUntil(this.schedule, this.#context.now)
    return this.schedule
  }

  /** Lifts those that have waited long. */
  #age(): void {
    this.#ageAtMs = Number.POSITIVE_INFINITY
    step(this.#state, { kind: 'timer', timer: { kind: 'age' } }, this.#context, this.#sink)
  }

  #readClock(): void {
    const nowMs = performance.now()
    this.#context.now = instant(nowMs - (this.#startedMs ?? nowMs))
  }

  #onOutcome(outcome: Outcome): void {
    if (outcome.kind === 'refused') {
      this.#refusal = outcome.reason
      return
    }
    const { schedule } = this
    const before = this.running
    this.running = outcome.kind === 'run' ? outcome.task : nobody
    if (schedule === undefined) return
    recordDoing(schedule, before, 'ready', -1, this.#context.now)
    recordDoing(schedule, this.running, 'running', 0, this.#context.now)
  }

  #record(call: Call): void {
    const { schedule } = this
    if (schedule === undefined || !('task' in call)) return
    const nowMs = this.#context.now
    if (call.kind === 'block') recordDoing(schedule, call.task, 'blocked', -1, nowMs)
    if (call.kind === 'unblock' && this.running !== call.task) recordDoing(schedule, call.task, 'ready', -1, nowMs)
    if (call.kind === 'end') recordEnd(schedule, call.task, nowMs)
  }

  #throwRefusal(call: Call): never {
    const reason = this.#refusal
    this.#refusal = undefined
    if (reason === 'too-many-tasks' || reason === 'too-many-processes')
      throw new CardumenError(
        'capacity-reached',
        `At most ${this.#state.settings.tasksMax} tasks are scheduled at once.`,
      )
    if (reason === 'priority-out-of-range')
      throw new CardumenError(
        'option-invalid',
        'The priority of a process and that of its task relative to it make a whole number from 0 to 255 together.',
      )
    if (reason === 'number-invalid')
      throw new CardumenError('option-invalid', 'Tickets are a whole number from 1 to 1,000,000.')
    assert(false, `the scheduler refuses ${call.kind}: ${reason}`)
  }
}

function settingsOf(options: RuleOptions): Partial<Settings> {
  const { rule, quantumMs, sliceThreshold, ageingMs, boostMs } = options
  if (rule !== undefined && !ruleNames.includes(rule))
    throw new CardumenError('option-invalid', `There is no scheduling rule "${String(rule)}".`, {
      hint: `There are ${ruleNames.join(', ')}.`,
    })
  for (const [name, value] of Object.entries({ quantumMs, ageingMs, boostMs }))
    if (value !== undefined && !(value > 0))
      throw new CardumenError('option-invalid', `${name} is a time above 0, not ${String(value)}.`)
  if (sliceThreshold !== undefined && (typeof sliceThreshold !== 'number' || Number.isNaN(sliceThreshold)))
    throw new CardumenError('option-invalid', `sliceThreshold is a priority, not ${String(sliceThreshold)}.`)
  const { quantumMs: quantum, sliceThreshold: threshold, ageingMs: ageing, boostMs: boost } = defaultSettings
  return {
    rule: rule ?? defaultSettings.rule,
    quantumMs: quantumMs ?? quantum,
    sliceThreshold: sliceThreshold ?? threshold,
    ageingMs: ageingMs ?? ageing,
    boostMs: boostMs ?? boost,
  }
}
