/**
 * Small Standard Schemas for the services that ship with cardumen.
 *
 * A program brings the schema library that it likes; our own servers bring none, so that the package stays light. What
 * is here covers plain data with bounds: everything from outside that grows has a largest size. Unknown fields of an
 * object are dropped. No coercion, no defaults.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { Capability } from './capabilities/capability.ts'

export type Schema<Value> = StandardSchemaV1<Value, Value>

type ValueOf<Of extends Schema<unknown>> = StandardSchemaV1.InferOutput<Of>

/** @param what - completes "must be …". */
export function checked<Value>(what: string, isValue: (value: unknown) => value is Value): Schema<Value> {
  return schema((value) => (isValue(value) ? { value } : { issues: [{ message: `must be ${what}` }] }))
}

/** Genuine or not: that is for the server of its object to tell. */
export function anyCapability(): Schema<Capability> {
  return checked('a capability', (value) => value instanceof Capability)
}

export function text(charactersMax: number): Schema<string> {
  return checked(
    `a text of at most ${charactersMax} characters`,
    (value): value is string => typeof value === 'string' && value.length <= charactersMax,
  )
}

export function wholeNumber(largest: number = Number.MAX_SAFE_INTEGER): Schema<number> {
  const isWhole = (value: unknown): value is number =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= largest
  return checked(`a whole number from 0 to ${largest}`, isWhole)
}

export function finiteNumber(): Schema<number> {
  return checked('a number', (value): value is number => typeof value === 'number' && Number.isFinite(value))
}

export function truth(): Schema<boolean> {
  return checked('true or false', (value): value is boolean => typeof value === 'boolean')
}

export function bytes(sizeBytesMax: number): Schema<Uint8Array> {
  return checked(
    `at most ${sizeBytesMax} bytes`,
    (value): value is Uint8Array => value instanceof Uint8Array && value.length <= sizeBytesMax,
  )
}

export function oneOf<const Choice extends string>(...choices: readonly Choice[]): Schema<Choice> {
  return checked(`one of ${choices.join(', ')}`, (value): value is Choice =>
    (choices as readonly unknown[]).includes(value),
  )
}

export function optional<Value>(of: Schema<Value>): Schema<Value | undefined> {
  return schema<Value | undefined>((value) => (value === undefined ? { value: undefined } : check(of, value)))
}

export function listOf<Value>(of: Schema<Value>, itemsMax: number): Schema<readonly Value[]> {
  return schema((value) => {
    if (!Array.isArray(value) || value.length > itemsMax)
      return { issues: [{ message: `must be a list of at most ${itemsMax}` }] }
    return combined(
      value.map((item: unknown, index) => [index, check(of, item, index)] as const),
      (entries) => entries.map(([, item]) => item),
    )
  })
}

export function recordOf<Value>(of: Schema<Value>, entriesMax: number): Schema<Readonly<Record<string, Value>>> {
  return schema((value) => {
    if (!isObject(value)) return { issues: [{ message: 'must be an object' }] }
    const entries = Object.entries(value)
    if (entries.length > entriesMax) return { issues: [{ message: `must have at most ${entriesMax} entries` }] }
    return combined(
      entries.map(([key, item]) => [key, check(of, item, key)] as const),
      (parts) => Object.fromEntries(parts) as Record<string, Value>,
    )
  })
}

type Fields = Readonly<Record<string, Schema<unknown>>>
type ObjectOf<Of extends Fields> = { readonly [Name in keyof Of]: ValueOf<Of[Name]> }

export function objectOf<const Of extends Fields>(fields: Of): Schema<ObjectOf<Of>> {
  return schema((value) => {
    if (!isObject(value)) return { issues: [{ message: 'must be an object' }] }
    const parts = Object.entries(fields).map(([name, of]) => [name, check(of, value[name], name)] as const)
    return combined(parts, (entries) => Object.fromEntries(entries) as ObjectOf<Of>)
  })
}

function schema<Value>(validate: (value: unknown) => StandardSchemaV1.Result<Value>): Schema<Value> {
  return { '~standard': { version: 1, vendor: 'cardumen', validate } }
}

/** Our schemas answer at once, so a promise cannot come. */
function check<Value>(
  of: Schema<Value>,
  value: unknown,
  ...at: readonly PropertyKey[]
): StandardSchemaV1.Result<Value> {
  const result = of['~standard'].validate(value) as StandardSchemaV1.Result<Value>
  if (result.issues === undefined) return result
  return { issues: result.issues.map((issue) => ({ ...issue, path: [...at, ...(issue.path ?? [])] })) }
}

function combined<Key extends PropertyKey, Part, Whole>(
  parts: readonly (readonly [Key, StandardSchemaV1.Result<Part>])[],
  build: (entries: readonly (readonly [Key, Part])[]) => Whole,
): StandardSchemaV1.Result<Whole> {
  const issues: StandardSchemaV1.Issue[] = []
  const entries: (readonly [Key, Part])[] = []
  for (const [key, result] of parts) {
    if (result.issues === undefined) entries.push([key, result.value])
    else issues.push(...result.issues)
  }
  return issues.length > 0 ? { issues } : { value: build(entries) }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
