/**
 * A report of threads that came from another process: checked once, and trusted afterwards.
 *
 * Such a process is of the same user, but may run another version of cardumen, or no cardumen at all. Only what is printed is
 * looked at; more fields than these do no harm.
 */
import type { FoundDeadlock } from './found-deadlock.ts'
import type { HoldReport, ThreadReport, ThreadsReport, WaitReport } from './threads-report.ts'

type Check = (value: unknown) => boolean
/** One check for each field, so that a field that is added here is missed by the compiler. */
type Checks<Thing> = Readonly<Record<keyof Thing, Check>>

const isText: Check = (value) => typeof value === 'string'
const isNumber: Check = (value) => typeof value === 'number'
const isFlag: Check = (value) => typeof value === 'boolean'

const isHold = thing<HoldReport>({ kind: isText, name: isText, units: isNumber })
const isWait = thing<WaitReport>({
  waitsFor: isText,
  heldBy: listOf(isText),
  isAwaited: isFlag,
  hasDeadline: isFlag,
  lastsMs: isNumber,
  stack: isText,
})
const isThread = thing<ThreadReport>({
  name: isText,
  kind: oneOf('main', 'thread', 'process'),
  pid: isNumber,
  state: oneOf('starting', 'runs', 'blocked', 'awaits'),
  holds: listOf(isHold),
  waits: listOf(isWait),
})
const isDeadlock = thing<FoundDeadlock>({
  certainty: oneOf('certain', 'suspected'),
  text: isText,
  summary: isText,
  cycle: listOf((value) => typeof value === 'object'),
})
const isReport = thing<ThreadsReport>({
  pid: isNumber,
  command: isText,
  threads: listOf(isThread),
  deadlocks: listOf(isDeadlock),
  stopped: listOf(isText),
})

/** Undefined where it is none. */
export function asThreadsReport(value: unknown): ThreadsReport | undefined {
  return isReport(value) ? (value as ThreadsReport) : undefined
}

function thing<Thing>(checks: Checks<Thing>): Check {
  const fields = Object.entries<Check>(checks)
  return (value) =>
    typeof value === 'object' &&
    value !== null &&
    fields.every(([field, check]) => check((value as Readonly<Record<string, unknown>>)[field]))
}

function listOf(check: Check): Check {
  return (value) => Array.isArray(value) && value.every(check)
}

function oneOf(...allowed: readonly string[]): Check {
  return (value) => allowed.some((each) => each === value)
}
