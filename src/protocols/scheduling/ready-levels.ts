/**
 * Ready tasks by level, each level in the order of arrival. Level 0 goes first.
 *
 * One bit for each level says whether anybody is there, so the first level that is not empty is found by counting leading
 * zeros: what it costs does not depend on how many tasks there are. Rules without levels use only the first.
 */
import { at, emptyQueue, pushBack, pushFront, type ReadyQueue, removeTask, takeFront } from './ready-queue.ts'
import type { Task } from './state.ts'

export interface ReadyLevels {
  readonly queues: readonly ReadyQueue[]
  /** Level 0 is the highest bit of the first word. */
  readonly occupied: number[]
}

const bitsPerWord = 32
const highestBit = 0x8000_0000

export function emptyLevels(count: number): ReadyLevels {
  return {
    queues: Array.from({ length: count }, emptyQueue),
    occupied: new Array<number>(Math.ceil(count / bitsPerWord)).fill(0),
  }
}

/** Undefined: nobody is ready. */
export function firstQueue(levels: ReadyLevels): ReadyQueue | undefined {
  const level = firstLevel(levels)
  return level === -1 ? undefined : levels.queues[level]
}

export function enterLevel(levels: ReadyLevels, task: Task, isAtFront: boolean): void {
  const queue = levels.queues[task.level]
  if (queue === undefined) return
  if (isAtFront) pushFront(queue, task)
  else pushBack(queue, task)
  if (queue.count === 1) mark(levels, task.level, true)
}

export function takeFirst(levels: ReadyLevels): Task | undefined {
  const level = firstLevel(levels)
  const queue = levels.queues[level]
  if (queue === undefined) return undefined
  const task = takeFront(queue)
  if (queue.count === 0) mark(levels, level, false)
  return task
}

export function peekFirst(levels: ReadyLevels): Task | undefined {
  const queue = firstQueue(levels)
  return queue === undefined ? undefined : at(queue, 0)
}

/** From the level that it was entered at. */
export function leaveLevel(levels: ReadyLevels, task: Task): void {
  const queue = levels.queues[task.level]
  if (queue === undefined || !removeTask(queue, task)) return
  if (queue.count === 0) mark(levels, task.level, false)
}

/** To be called where a queue was changed from outside. */
export function markLevel(levels: ReadyLevels, level: number): void {
  mark(levels, level, (levels.queues[level]?.count ?? 0) > 0)
}

function firstLevel(levels: ReadyLevels): number {
  const { occupied } = levels
  for (let word = 0; word < occupied.length; word++) {
    const bits = occupied[word] ?? 0
    if (bits !== 0) return word * bitsPerWord + Math.clz32(bits)
  }
  return -1
}

function mark(levels: ReadyLevels, level: number, isOccupied: boolean): void {
  const word = level >>> 5
  const bit = highestBit >>> (level & (bitsPerWord - 1))
  const bits = levels.occupied[word] ?? 0
  levels.occupied[word] = isOccupied ? bits | bit : bits & ~bit
}
