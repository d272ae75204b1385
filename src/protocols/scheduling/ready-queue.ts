/**
 * Ready tasks in the order in which they came: a ring of a size that doubles, so that both ends cost the same however long it
 * has been in use.
 *
 * It is what a switch goes through each time, so it makes nothing and moves nothing. Taking one out of the middle is for
 * the rare cases (a task is killed, or changes its priority) and costs its length.
 */
import type { Task } from './state.ts'

export interface ReadyQueue {
  /** Its length is a power of two. */
  items: (Task | undefined)[]
  head: number
  count: number
}

const sizeMin = 4

export function emptyQueue(): ReadyQueue {
  return { items: new Array<Task | undefined>(sizeMin).fill(undefined), head: 0, count: 0 }
}

export function pushBack(queue: ReadyQueue, task: Task): void {
  if (queue.count === queue.items.length) grow(queue)
  queue.items[(queue.head + queue.count++) & (queue.items.length - 1)] = task
}

export function pushFront(queue: ReadyQueue, task: Task): void {
  if (queue.count === queue.items.length) grow(queue)
  queue.head = (queue.head - 1) & (queue.items.length - 1)
  queue.items[queue.head] = task
  queue.count++
}

export function takeFront(queue: ReadyQueue): Task | undefined {
  if (queue.count === 0) return undefined
  const task = queue.items[queue.head]
  queue.items[queue.head] = undefined
  queue.head = (queue.head + 1) & (queue.items.length - 1)
  queue.count--
  return task
}

/** Counted from the front. */
export function at(queue: ReadyQueue, index: number): Task | undefined {
  return index < queue.count ? queue.items[(queue.head + index) & (queue.items.length - 1)] : undefined
}

export function removeAt(queue: ReadyQueue, index: number): Task | undefined {
  const { items, head } = queue
  const mask = items.length - 1
  const removed = at(queue, index)
  if (removed === undefined) return undefined
  for (let place = index; place > 0; place--) items[(head + place) & mask] = items[(head + place - 1) & mask]
  takeFront(queue)
  return removed
}

/** Whether it was there. */
export function removeTask(queue: ReadyQueue, task: Task): boolean {
  for (let index = 0; index < queue.count; index++)
    if (at(queue, index) === task) return removeAt(queue, index) !== undefined
  return false
}

function grow(queue: ReadyQueue): void {
  const { items, head } = queue
  const ordered = [...items.slice(head), ...items.slice(0, head)]
  queue.items = [...ordered, ...new Array<Task | undefined>(items.length).fill(undefined)]
  queue.head = 0
}
