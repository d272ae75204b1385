/**
 * A counterexample of a built-in model as the header of a saved trace, and a run of it from such a header.
 *
 * The header names the model and its settings; the choices decide the rest. One that was read from a file is trusted in
 * nothing: settings are checked here, and a choice counts only where the model offers it at that point.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { Digest } from '../digest.ts'
import type { ScheduleHeader } from '../traces/trace-header.ts'
import type { Bounds, Counterexample } from './exploration.ts'
import { type BuiltInModel, builtInModel } from './models/built-in-models.ts'
import { type ReplayStep, replay } from './replay.ts'

export interface Settings {
  readonly members: number
  readonly bounds: Bounds
}

export function scheduleHeader(model: string, settings: Settings, found: Counterexample): ScheduleHeader {
  const digest = new Digest()
  for (const event of found.events) digest.add(JSON.stringify(event))
  const violation = { claim: 'invariant', text: found.violation }
  return { kind: 'schedule', model, settings, choices: found.choices, violation, digest: digest.text }
}

/** Throws `option-invalid` for a model or settings that cannot be; so does the step at which a choice cannot happen. */
export function replaySchedule(header: ScheduleHeader): Generator<ReplayStep, void, void> {
  const builtIn = builtInModel(header.model)
  const { members, bounds } = checkedSettings(builtIn, header.settings)
  return replay(builtIn.make(members, bounds), header.choices)
}

/** A bound that is missing is the model's own. */
function checkedSettings(model: BuiltInModel, settings: object): Settings {
  const { members = model.members.usual, bounds = {} } = settings as { readonly [name: string]: unknown }
  const { min, max } = model.members
  if (!isCount(members) || members < min || members > max) throw refused(`between ${min} and ${max} members`)
  if (typeof bounds !== 'object' || bounds === null) throw refused('bounds')
  const given = Object.entries(bounds).filter(([name]) => Object.hasOwn(model.bounds, name))
  if (!given.every(([, value]) => isCount(value))) throw refused('bounds that are whole numbers')
  return { members, bounds: { ...model.bounds, ...(Object.fromEntries(given) as Partial<Bounds>) } }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function refused(wanted: string): CardumenError {
  return new CardumenError('option-invalid', `The settings of the saved schedule lack ${wanted}.`)
}
