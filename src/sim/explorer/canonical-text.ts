/**
 * Plain data as a text that is equal for equal data, whatever the order of its keys, and different for different data.
 *
 * Lengths stand before contents, so no text can be read in two ways. With `renamed` a member's name becomes another one
 * wherever it stands, alone or with its incarnation, as value or as key; names inside longer texts stay. It does not
 * tell one object in two places from two equal ones.
 */
import { notPlain } from './plain-data.ts'

export interface Wording {
  /** What each name becomes; undefined: itself. */
  readonly renamed: ReadonlyMap<string, string> | undefined
  /** Maps and Sets by key; else in the order in which they were filled. */
  readonly isSorted: boolean
}

export function canonicalText(value: unknown, wording: Wording): string {
  switch (typeof value) {
    case 'string':
      return word(value, wording)
    case 'number':
      return `${value};`
    case 'boolean':
      return value ? 't' : 'f'
    case 'undefined':
      return 'u'
    case 'bigint':
      return `b${value};`
    case 'object':
      return value === null ? 'z' : objectText(value, wording)
    default:
      throw notPlain(value)
  }
}

/** The texts of the values in order, so that it makes no difference which came first. */
export function bagText(values: readonly unknown[], wording: Wording): string {
  return `B${values.length};${values
    .map((value) => canonicalText(value, wording))
    .sort()
    .join('')}`
}

function objectText(value: object, wording: Wording): string {
  if (Array.isArray(value)) return arrayText(value, wording)
  if (value instanceof Map) return collectionText('M', value, ([key, held]) => keyed(key, held, wording), wording)
  if (value instanceof Set) return collectionText('S', value, (held) => canonicalText(held, wording), wording)
  if (value instanceof Uint8Array) return `Y${value.length}:${value.join(',')};`
  return fieldsText(value as Readonly<Record<string, unknown>>, wording)
}

function arrayText(values: readonly unknown[], wording: Wording): string {
  let text = `A${values.length};`
  for (const value of values) text += canonicalText(value, wording)
  return text
}

function fieldsText(fields: Readonly<Record<string, unknown>>, wording: Wording): string {
  const { renamed } = wording
  const keys = Object.keys(fields)
  let text = `O${keys.length};`
  if (renamed === undefined) {
    for (const key of keys.sort()) text += spelled(key) + canonicalText(fields[key], wording)
    return text
  }
  // By what the keys become, so that the image of a state has the text of the state that it is the image of.
  const pairs = keys.map((key) => [nameUnder(renamed, key), key] as const)
  pairs.sort(([left], [right]) => (left < right ? -1 : 1))
  for (const [image, key] of pairs) text += spelled(image) + canonicalText(fields[key], wording)
  return text
}

function keyed(key: unknown, value: unknown, wording: Wording): string {
  return canonicalText(key, wording) + canonicalText(value, wording)
}

function collectionText<Item>(
  mark: string,
  items: { readonly size: number } & Iterable<Item>,
  textOf: (item: Item) => string,
  wording: Wording,
): string {
  const texts = Array.from(items, textOf)
  if (wording.isSorted) texts.sort()
  return `${mark}${items.size};${texts.join('')}`
}

function word(text: string, { renamed }: Wording): string {
  return spelled(renamed === undefined ? text : nameUnder(renamed, text))
}

function nameUnder(renamed: ReadonlyMap<string, string>, text: string): string {
  const end = text.indexOf('#')
  const name = end === -1 ? text : text.slice(0, end)
  const other = renamed.get(name)
  return other === undefined ? text : other + text.slice(name.length)
}

function spelled(text: string): string {
  return `${text.length}:${text}`
}
