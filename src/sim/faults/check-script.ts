/**
 * Refuses fault scripts that make no sense, by the number of the fault and what is wrong with it.
 *
 * A script comes from a seed, from a program, or from a saved trace that somebody edited, so nothing about it is
 * believed: it is bounded in length and in time, its rates are chances, its members exist, and its world can do it.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { type Distribution, type Fault, type FaultKind, faultsMax } from './fault.ts'

export interface ScriptBounds {
  readonly names: readonly string[]
  /** What the world can do. */
  readonly kinds: readonly FaultKind[]
}

/** What each kind of fault says besides its window: the fields that must be there, and what they must be. */
const fieldsOf: Readonly<Record<FaultKind, Readonly<Record<string, Check>>>> = {
  loss: { rate: isRate },
  duplicate: { rate: isRate },
  reorder: { rate: isRate, laterMsMax: isDuration },
  delay: { delay: wrongDistribution },
  bandwidth: { bytesPerMs: isPositive },
  break: { rate: isRate },
  partition: { shape: isOneOf('one-way', 'both-ways', 'bridge', 'ring'), sides: isSides },
  crash: { member: isMember, how: isOneOf('process', 'machine') },
  pause: { member: isMember },
  slow: { member: isMember, eventMs: isDuration },
  'clock-offset': { member: isMember, offsetMs: isNumber },
  'clock-drift': { member: isMember, rate: isDrift },
  'clock-jump': { member: isMember, jumpMs: isNumber },
  'disk-full': { member: isMember },
  'torn-write': { member: isMember, rate: isRate },
  'bit-flip': { member: isMember, rate: isRate },
  'sync-failure': { member: isMember, rate: isRate },
  'engine-unreachable': { member: isMember },
  'lease-expiry': { member: isMember },
  'engine-slow': { delay: wrongDistribution },
  'engine-crash': {},
}

const hint = 'docs/simulate.md lists the faults and what each of them takes.'

export function isFaultKind(text: string): text is FaultKind {
  return Object.hasOwn(fieldsOf, text)
}

export const allFaultKinds = Object.keys(fieldsOf) as FaultKind[]

/** Between whole members are streams, where copies do not exist: `duplicate` would do nothing. */
export const memberFaultKinds: readonly FaultKind[] = allFaultKinds.filter((kind) => kind !== 'duplicate')

/** Undefined: it is right; else what is wrong. */
type Check = (value: unknown, bounds: ScriptBounds) => string | undefined

/** Takes any list; one without end is refused at its bound. @throws CardumenError `option-invalid`. */
export function checkScript(script: Iterable<unknown>, bounds: ScriptBounds): readonly Fault[] {
  const faults: Fault[] = []
  if (!isIterable(script)) throw new CardumenError('option-invalid', `${shown(script)} is no list of faults.`, { hint })
  for (const given of script) {
    if (faults.length === faultsMax) throw refusal(faultsMax, `a script has at most ${faultsMax} faults`)
    const wrong = wrongWith(given, bounds)
    if (wrong !== undefined) throw refusal(faults.length, wrong)
    faults.push(given as Fault)
  }
  return faults
}

function refusal(index: number, wrong: string): CardumenError {
  return new CardumenError('option-invalid', `Fault ${index} of the script: ${wrong}.`, {
    hint,
  })
}

function isIterable(script: unknown): script is Iterable<unknown> {
  return typeof script === 'object' && script !== null && Symbol.iterator in script
}

function wrongWith(given: unknown, bounds: ScriptBounds): string | undefined {
  if (typeof given !== 'object' || given === null) return 'it is no object'
  const fault = new Map<string, unknown>(Object.entries(given))
  const kind = fault.get('kind')
  if (typeof kind !== 'string' || !isFaultKind(kind)) return `there is no kind ${shown(kind)}`
  if (!bounds.kinds.includes(kind)) return `"${kind}" is none that this scenario can do`
  for (const [field, check] of Object.entries(fieldsOf[kind])) {
    const wrong = check(fault.get(field), bounds)
    if (wrong !== undefined) return `"${kind}" has ${field} ${shown(fault.get(field))}, ${wrong}`
  }
  return wrongWindow(fault) ?? wrongLink(fault, bounds)
}

function wrongWindow(fault: ReadonlyMap<string, unknown>): string | undefined {
  const atMs = fault.get('atMs')
  const untilMs = fault.get('untilMs')
  if (typeof atMs !== 'number' || !Number.isFinite(atMs) || atMs < 0) return `it has atMs ${shown(atMs)}, no time`
  if (untilMs === undefined) return undefined
  if (typeof untilMs !== 'number' || Number.isNaN(untilMs)) return `it has untilMs ${shown(untilMs)}, no time`
  return untilMs > atMs ? undefined : `it ends at ${untilMs} ms, and begins at ${atMs} ms`
}

function wrongLink(fault: ReadonlyMap<string, unknown>, bounds: ScriptBounds): string | undefined {
  for (const end of ['from', 'to']) {
    const name = fault.get(end)
    if (name !== undefined && isMember(name, bounds) !== undefined) return `it has ${end} ${shown(name)}, no member`
  }
  return undefined
}

function isNumber(value: unknown): string | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? undefined : 'no number'
}

function isDuration(value: unknown): string | undefined {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value) ? undefined : 'no duration'
}

function isPositive(value: unknown): string | undefined {
  return typeof value === 'number' && value > 0 ? undefined : 'not above 0'
}

function isRate(value: unknown): string | undefined {
  return typeof value === 'number' && value >= 0 && value <= 1 ? undefined : 'no chance from 0 to 1'
}

/** A clock that stands still or runs backwards is none. */
function isDrift(value: unknown): string | undefined {
  return typeof value === 'number' && value > -0.9 && value <= 10 ? undefined : 'no drift from -0.9 to 10'
}

function isMember(value: unknown, bounds: ScriptBounds): string | undefined {
  return typeof value === 'string' && bounds.names.includes(value) ? undefined : 'no member'
}

function isOneOf(...choices: readonly string[]): Check {
  return (value) => (choices.includes(value as string) ? undefined : `none of ${choices.join(', ')}`)
}

function isSides(value: unknown, bounds: ScriptBounds): string | undefined {
  const isSide = (side: unknown): boolean =>
    Array.isArray(side) && side.every((name) => isMember(name, bounds) === undefined)
  return Array.isArray(value) && value.length === 2 && value.every(isSide) ? undefined : 'not two lists of members'
}

function wrongDistribution(value: unknown): string | undefined {
  return isDistribution(value) ? undefined : 'no distribution'
}

export function isDistribution(value: unknown): value is Distribution {
  if (typeof value !== 'object' || value === null) return false
  const { kind, ms, minMs, maxMs, meanMs, shape } = value as Partial<Record<string, unknown>> & { kind?: unknown }
  const are = (...durations: unknown[]): boolean => durations.every((each) => isDuration(each) === undefined)
  return (
    (kind === 'constant' && are(ms)) ||
    (kind === 'uniform' && are(minMs, maxMs) && (minMs as number) <= (maxMs as number)) ||
    (kind === 'exponential' && are(minMs, meanMs, maxMs)) ||
    (kind === 'pareto' && are(minMs, maxMs) && isPositive(shape) === undefined)
  )
}

function shown(value: unknown): string {
  return value === undefined ? 'missing' : (JSON.stringify(value) ?? typeof value).slice(0, 80)
}
