/**
 * What the two queues ask of their operations. No model by itself: `queue.ts` has those.
 */
import type { Operation } from '../operation.ts'

export function foundNothing({ f, type, result }: Operation): boolean {
  return f === 'dequeue' && type === 'ok' && result === null
}

export function gaveElement({ f, type, result }: Operation): boolean {
  return f === 'dequeue' && type === 'ok' && result !== null
}

export function returnOf({ returnedAt }: Operation): number {
  return returnedAt ?? Infinity
}

export function groupedBy(
  all: readonly Operation[],
  textOfEach: (operation: Operation) => string,
): Map<string, Operation[]> {
  const groups = new Map<string, Operation[]>()
  for (const each of all) {
    const text = textOfEach(each)
    const group = groups.get(text)
    if (group === undefined) groups.set(text, [each])
    else group.push(each)
  }
  return groups
}
