/**
 * Whether a value from a line of JSON is an event of a trace; after this it is trusted.
 *
 * The event is built anew of the fields that are known, so what a later writer adds inside version 1 is left out.
 * Details are kept as they are: each machine has its own, and they are for people.
 */
import type { TraceEffect, TraceEvent, TraceInput } from '../../edges/trace.ts'
import { type Address, isMemberId, memberOf } from '../../lib/identifiers.ts'
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

/** Of one step. */
export const effectsMax = 10_000
const nameLengthMax = 200

const inputKinds = { call: true, timer: true, persisted: true, 'persist-failed': true, recovered: true } as const
const effectKinds = { 'set-timer': true, 'clear-timer': true, persist: true, outcome: true } as const

/** Throws a `WrongLine`. */
export function checkedEvent(value: unknown): TraceEvent {
  if (!isFields(value)) throw new WrongLine('is no object')
  refuseOtherVersion(value, 1)
  refuseTraps(value)
  const input = field(value, 'input')
  if (!isFields(input)) throw wrong('input', 'an object')
  return {
    v: 1,
    atMs: numberOf(value, 'atMs'),
    machine: textOf(value, 'machine', nameLengthMax),
    member: addressOf(value, 'member'),
    sequence: countOf(value, 'sequence'),
    lamport: countOf(value, 'lamport'),
    input: checkedInput(input),
    effects: listOf(value, 'effects', effectsMax).map(checkedEffect),
  }
}

function checkedInput(input: Fields): TraceInput {
  const kind = textOf(input, 'kind', nameLengthMax)
  const rest = { type: textOf(input, 'type', nameLengthMax), detail: detailOf(input, 'detail') }
  if (kind === 'message')
    return { kind, from: addressOf(input, 'from'), id: textOf(input, 'id', nameLengthMax), ...rest }
  if (isKey(inputKinds, kind)) return { kind, ...rest }
  throw wrong('input.kind', 'a kind of input that is known')
}

function checkedEffect(effect: unknown): TraceEffect {
  if (!isFields(effect)) throw wrong('effects', 'a list of objects')
  const kind = textOf(effect, 'kind', nameLengthMax)
  const rest = { type: textOf(effect, 'type', nameLengthMax), detail: detailOf(effect, 'detail') }
  if (kind === 'send') return { kind, to: addressOf(effect, 'to'), id: textOf(effect, 'id', nameLengthMax), ...rest }
  if (isKey(effectKinds, kind)) return { kind, ...rest }
  throw wrong('effects', 'effects of kinds that are known')
}

function addressOf(fields: Fields, name: string): Address {
  const text = textOf(fields, name, nameLengthMax) as Address
  if (!isMemberId(memberOf(text)) || !/#\d{1,16}$/.test(text)) throw wrong(name, 'an address such as m1#1')
  return text
}

function isKey<Table extends object>(table: Table, key: string): key is keyof Table & string {
  return Object.hasOwn(table, key)
}
