/**
 * What is wrong with a line of a trace, on its way from the check to the reader, who knows the line's number.
 *
 * Here too are the small checks that header and events share. Nothing outside this folder sees a `WrongLine`.
 */
export class WrongLine extends Error {
  /** The line is of a later version of the format, and may be sound. */
  readonly isNewer: boolean

  /** @param message - continues "Line 3 of the trace …" */
  constructor(message: string, cause?: unknown, isNewer = false) {
    super(message, { cause })
    this.isNewer = isNewer
  }
}

export type Fields = Readonly<Record<string, unknown>>

/** Nesting of a line. */
const depthMax = 32
const textLengthMax = 65_536

/** Of an object from JSON; only fields of its own count. */
export function field(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined
}

export function textOf(fields: Fields, name: string, lengthMax = textLengthMax): string {
  const value = field(fields, name)
  if (typeof value !== 'string' || value.length > lengthMax)
    throw wrong(name, `a text of at most ${lengthMax} characters`)
  return value
}

export function numberOf(fields: Fields, name: string): number {
  const value = field(fields, name)
  if (typeof value !== 'number' || !Number.isFinite(value)) throw wrong(name, 'a finite number')
  return value
}

export function countOf(fields: Fields, name: string, least = 0): number {
  const value = numberOf(fields, name)
  if (!Number.isSafeInteger(value) || value < least) throw wrong(name, `a whole number from ${least}`)
  return value
}

export function listOf(fields: Fields, name: string, lengthMax: number): readonly unknown[] {
  const value = field(fields, name)
  if (!Array.isArray(value) || value.length > lengthMax) throw wrong(name, `a list of at most ${lengthMax}`)
  return value
}

export function detailOf(fields: Fields, name: string): object {
  const value = field(fields, name)
  if (!isFields(value)) throw wrong(name, 'an object')
  return value
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Refuses what a program that copies fields could stumble over. */
export function refuseTraps(value: unknown, depth = 0): void {
  if (typeof value !== 'object' || value === null) return
  if (depth >= depthMax) throw new WrongLine(`is nested deeper than ${depthMax}`)
  if (Object.hasOwn(value, '__proto__')) throw new WrongLine('has a field "__proto__"')
  for (const each of Object.values(value)) refuseTraps(each, depth + 1)
}

export function refuseOtherVersion(fields: Fields, known: number): void {
  const version = field(fields, 'v')
  if (typeof version === 'number' && Number.isSafeInteger(version) && version > known)
    throw new WrongLine(`is of version ${version} of the format; this cardumen knows ${known}`, undefined, true)
  if (version !== known) throw wrong('v', `the version of the format, ${known}`)
}

export function wrong(name: string, expected: string): WrongLine {
  return new WrongLine(`is wrong: "${name}" has to be ${expected}`)
}
