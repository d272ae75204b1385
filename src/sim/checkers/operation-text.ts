/**
 * Operations and parts of histories in words: what a person reads when a claim is broken.
 */
import { textOf } from './json-value.ts'
import type { Operation } from './operation.ts'

const valueCharactersMax = 40
const barColumnsMax = 60
/** Operations that a text shows; the picture has them all. */
const rowsMax = 60

/** `write 3`, `get "x" → 5`, `cas [1,2] (unknown)`. */
export function operationText(operation: Operation): string {
  const key = operation.key === null ? '' : ` ${shortened(textOf(operation.key))}`
  const value = operation.value === null && operation.result !== null ? '' : ` ${shortened(textOf(operation.value))}`
  const isNew = operation.type === 'ok' && textOf(operation.result) !== textOf(operation.value)
  const isAsking = operation.value === null && operation.type === 'ok'
  const result = isNew || isAsking ? ` → ${shortened(textOf(operation.result))}` : ''
  const shownValue = operation.value === null ? '' : value
  return `${operation.f}${key}${shownValue}${result}${operation.type === 'info' ? ' (unknown)' : ''}`
}

/** A row for each operation, by process, with a bar from its invocation to its return. */
export function timelineText(operations: readonly Operation[], culprit: Operation | undefined): readonly string[] {
  const shown = rowsOf(operations).slice(0, rowsMax)
  const columnOf = columns(operations)
  const labels = shown.map((each) => `process ${each.process}  ${operationText(each)}`)
  const width = Math.max(0, ...labels.map((each) => each.length))
  const end = columnOf(Infinity)
  const lines = shown.map((each, index) => {
    const from = columnOf(each.invokedAt)
    const to = each.returnedAt === undefined ? end : columnOf(each.returnedAt)
    const bar = `${' '.repeat(from)}├${'─'.repeat(Math.max(0, to - from - 1))}${each.returnedAt === undefined ? '…' : '┤'}`
    return `${(labels[index] ?? '').padEnd(width)}  ${bar}${each === culprit ? '  ← has no place' : ''}`
  })
  return operations.length > rowsMax ? [...lines, `and ${operations.length - rowsMax} more`] : lines
}

/** By process, then by time. */
export function rowsOf(operations: readonly Operation[]): readonly Operation[] {
  const groups = new Map<Operation['process'], Operation[]>()
  for (const each of operations) groups.set(each.process, [...(groups.get(each.process) ?? []), each])
  return [...groups.values()].flat()
}

/** Events are drawn at equal distances, pressed together where there are many. */
function columns(operations: readonly Operation[]): (place: number) => number {
  const places = operations.flatMap((each) => [each.invokedAt, each.returnedAt ?? each.invokedAt])
  const sorted = [...new Set(places)].sort((left, right) => left - right)
  const scale = Math.min(2, barColumnsMax / Math.max(1, sorted.length))
  const rankOf = new Map(sorted.map((place, rank) => [place, rank]))
  return (place) => Math.round((rankOf.get(place) ?? sorted.length) * scale)
}

function shortened(text: string): string {
  return text.length > valueCharactersMax ? `${text.slice(0, valueCharactersMax)}…` : text
}
