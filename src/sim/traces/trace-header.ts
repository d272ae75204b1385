/**
 * The header of a saved trace: what it takes to run it again; and the check of one that was read, after which it is
 * trusted.
 *
 * Kinds of faults are known here by name; whether their numbers make sense, `checkScript` says when the plan is run.
 */
import { isFaultKind } from '../faults/check-script.ts'
import { type Fault, faultsMax } from '../faults/fault.ts'
import type { Plan, Violation } from '../scenario.ts'
import {
  countOf,
  detailOf,
  type Fields,
  field,
  isFields,
  listOf,
  numberOf,
  refuseOtherVersion,
  refuseTraps,
  textOf,
  WrongLine,
  wrong,
} from './wrong-line.ts'

interface Origin {
  readonly violation?: Violation
  /** Path of the user's file that the scenario is in. */
  readonly module?: string
  readonly nodeVersion?: string
  /** Of the run, as its report gave it. */
  readonly digest: string
}

/** A run of a scenario: the plan decides it. */
export interface RunHeader extends Origin {
  readonly kind: 'run'
  readonly scenario: string
  readonly plan: Plan
}

/** A path of the explorer: the model with its settings, and what was chosen at each step, as the explorer writes it. */
export interface ScheduleHeader extends Origin {
  readonly kind: 'schedule'
  readonly model: string
  readonly settings: object
  readonly choices: readonly unknown[]
}

export type TraceHeader = RunHeader | ScheduleHeader

export const traceVersion = 1
/** Steps of a path of the explorer. */
export const choicesMax = 100_000
const membersMax = 10_000

export function isHeader(value: unknown): value is Fields {
  return isFields(value) && Object.hasOwn(value, 'format')
}

/** Throws a `WrongLine`. The count is that of the events that follow. */
export function checkedHeader(value: Fields): { readonly header: TraceHeader; readonly count: number } {
  if (field(value, 'format') !== 'cardumen-trace') throw wrong('format', '"cardumen-trace"')
  refuseOtherVersion(value, traceVersion)
  refuseTraps(value)
  return { header: ofKind(value), count: countOf(value, 'events') }
}

function ofKind(value: Fields): TraceHeader {
  const origin = {
    digest: textOf(value, 'digest'),
    ...optionalText(value, 'module'),
    ...optionalText(value, 'nodeVersion'),
    ...violationOf(value),
  }
  switch (field(value, 'kind')) {
    case 'run':
      return { kind: 'run', scenario: textOf(value, 'scenario'), plan: planOf(field(value, 'plan')), ...origin }
    case 'schedule': {
      const choices = listOf(value, 'choices', choicesMax)
      return {
        kind: 'schedule',
        model: textOf(value, 'model'),
        settings: detailOf(value, 'settings'),
        choices,
        ...origin,
      }
    }
    default:
      throw wrong('kind', '"run" or "schedule"')
  }
}

function planOf(plan: unknown): Plan {
  if (!isFields(plan)) throw wrong('plan', 'an object')
  const seed = numberOf(plan, 'seed')
  if (!Number.isSafeInteger(seed)) throw wrong('seed', 'a whole number')
  const members = countOf(plan, 'members', 1)
  if (members > membersMax) throw wrong('members', `at most ${membersMax}`)
  const durationMs = numberOf(plan, 'durationMs')
  if (durationMs < 0) throw wrong('durationMs', 'a time of 0 or more')
  return { seed, members, durationMs, faults: listOf(plan, 'faults', faultsMax).map(faultOf) }
}

function faultOf(fault: unknown): Fault {
  if (!isFields(fault)) throw wrong('faults', 'a list of objects')
  const kind = textOf(fault, 'kind')
  if (!isFaultKind(kind)) throw new WrongLine(`has a fault of the unknown kind "${kind.slice(0, 40)}"`)
  numberOf(fault, 'atMs')
  if (field(fault, 'untilMs') !== undefined) numberOf(fault, 'untilMs')
  return fault as unknown as Fault
}

function violationOf(value: Fields): Pick<TraceHeader, 'violation'> {
  const violation = field(value, 'violation')
  if (violation === undefined) return {}
  if (!isFields(violation)) throw wrong('violation', 'an object')
  return { violation: { claim: textOf(violation, 'claim'), text: textOf(violation, 'text') } }
}

function optionalText<Name extends string>(value: Fields, name: Name): { readonly [Key in Name]?: string } {
  if (field(value, name) === undefined) return {}
  return { [name]: textOf(value, name) } as { readonly [Key in Name]?: string }
}
