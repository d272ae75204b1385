/**
 * Text of a trace made fit to be shown: one line, of a bounded length, that does nothing to a terminal or a page.
 *
 * A trace may come from anybody. What could move a cursor, begin a line or turn the direction of writing is replaced,
 * and so is half of a pair of UTF-16 units, which cutting may leave. It does not escape anything for HTML.
 */

/** Controls, formats (among them those of direction), lone surrogates, and the two line ends that are no controls. */
const unfit = /[\p{C}\u2028\u2029]/gu

export function plainText(text: string, lengthMax: number): string {
  const cut = text.length > lengthMax ? `${text.slice(0, Math.max(0, lengthMax - 1))}…` : text
  return cut.replace(unfit, '\ufffd')
}

/** `name=value`, with a space between, as far as it goes. */
export function briefDetail(detail: object, lengthMax: number): string {
  let text = ''
  for (const [name, value] of Object.entries(detail) as readonly [string, unknown][]) {
    if (text.length > lengthMax) break
    text += `${text === '' ? '' : ' '}${name}=${shownValue(value)}`
  }
  return plainText(text, lengthMax)
}

function shownValue(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(Number(value.toFixed(3)))
  return JSON.stringify(value) ?? 'none'
}

/** Members in the order in which people count: m2 before m10. */
export function compareNames(left: string, right: string): number {
  const leftParts = left.split(/(\d+)/)
  const rightParts = right.split(/(\d+)/)
  for (let index = 0; index < Math.min(leftParts.length, rightParts.length); index++) {
    const [one = '', other = ''] = [leftParts[index], rightParts[index]]
    if (one === other) continue
    const difference = index % 2 === 1 ? Number(one) - Number(other) : 0
    if (difference !== 0) return difference
    return one < other ? -1 : 1
  }
  return leftParts.length - rightParts.length
}
