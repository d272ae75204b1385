/**
 * Values of a history, and one text for each of them: equal values have equal texts, whatever the order of their fields.
 *
 * Models keep such texts as their state, which makes states hashable and proof against keys such as `__proto__`.
 */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

/** Nesting of one value; deeper ones are refused where they are read. */
export const valueDepthMax = 64

/** Throws a RangeError where the value is nested deeper than `valueDepthMax`. */
export function textOf(value: Json | undefined, depth = 0): string {
  if (value === undefined || value === null) return 'null'
  if (typeof value === 'number') return String(value)
  if (typeof value !== 'object') return JSON.stringify(value)
  if (depth >= valueDepthMax) throw new RangeError(`nested deeper than ${valueDepthMax}`)
  if (isList(value)) return `[${value.map((each) => textOf(each, depth + 1)).join(',')}]`
  const fields = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1))
  return `{${fields.map(([name, each]) => `${JSON.stringify(name)}:${textOf(each, depth + 1)}`).join(',')}}`
}

export function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
