/**
 * Ready tasks by a key, the smallest first, and by arrival among equals: a binary heap (Williams, 1964).
 *
 * For rules whose order is a length or a share, which has no levels. A key stays as it is while its task is in the heap.
 */
import type { Task } from './state.ts'

export function pushHeap(heap: Task[], task: Task): void {
  let place = heap.push(task) - 1
  while (place > 0) {
    const parent = (place - 1) >> 1
    const above = heap[parent]
    if (above === undefined || !isBefore(task, above)) break
    heap[place] = above
    place = parent
  }
  heap[place] = task
}

export function popHeap(heap: Task[]): Task | undefined {
  const first = heap[0]
  const last = heap.pop()
  if (last === undefined || last === first) return first
  sink(heap, last, 0)
  return first
}

/** Costs the length of the heap. */
export function removeFromHeap(heap: Task[], task: Task): void {
  const place = heap.indexOf(task)
  if (place === -1) return
  const rest = heap.filter((each) => each !== task)
  heap.length = 0
  for (const each of rest) pushHeap(heap, each)
}

function sink(heap: Task[], task: Task, from: number): void {
  let place = from
  for (;;) {
    let child = 2 * place + 1
    if (child + 1 < heap.length && isBefore(heap[child + 1] ?? task, heap[child] ?? task)) child++
    const below = heap[child]
    if (below === undefined || !isBefore(below, task)) break
    heap[place] = below
    place = child
  }
  heap[place] = task
}

function isBefore(left: Task, right: Task): boolean {
  return left.key < right.key || (left.key === right.key && left.order < right.order)
}
