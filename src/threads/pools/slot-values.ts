/**
 * Arguments and results in the slot of a task, where they are small: no message, and mostly no copy of a copy.
 *
 * Numbers, strings, booleans, null and undefined are written as words; other plain data by Node's own serializer (structured
 * clone), if the bytes fit. What does not fit, and what only a message can carry (shared memory, what is transferred), is left
 * to the caller. A slot begins with the number of the function, the form of what follows, and a count.
 */
import { types } from 'node:util'
import { deserialize, serialize } from 'node:v8'
import { slotBytes } from './task-board.ts'
import type { TaskBoard } from './task-board.ts'

/** How the values lie in the slot; `message`: they do not. */
const form = { words: 0, serialized: 1, message: 2 } as const

const wordsPerSlot = slotBytes / Int32Array.BYTES_PER_ELEMENT
const functionWord = 0
const formWord = 1
const countWord = 2
const headerWords = 4
const bytesMax = slotBytes - headerWords * Int32Array.BYTES_PER_ELEMENT

const tag = { undefined: 0, null: 1, false: 2, true: 3, integer: 4, double: 5, string: 6 } as const

const double = new Float64Array(1)
const doubleWords = new Int32Array(double.buffer)

export function writeFunction(board: TaskBoard, slot: number, index: number): void {
  board.contents[slot * wordsPerSlot + functionWord] = index
}

export function readFunction(board: TaskBoard, slot: number): number {
  return board.contents[slot * wordsPerSlot + functionWord] as number
}

/** True where all of them are numbers, strings and the like, and now lie in the slot. */
export function writeWords(board: TaskBoard, slot: number, values: readonly unknown[]): boolean {
  const start = slot * wordsPerSlot
  const end = start + wordsPerSlot
  let at = start + headerWords
  for (const value of values) {
    at = writeValue(board, at, end, value)
    if (at < 0) return false
  }
  board.contents[start + countWord] = values.length
  board.contents[start + formWord] = form.words
  return true
}

/** True where they now lie in the slot; false where they are too large, or only a message can carry them. */
export function writeSerialized(board: TaskBoard, slot: number, values: readonly unknown[]): boolean {
  const start = slot * wordsPerSlot
  if (!mayFit(values)) return false
  const bytes = serialize(values)
  if (bytes.length > bytesMax) return false
  board.bytes.set(bytes, (start + headerWords) * Int32Array.BYTES_PER_ELEMENT)
  board.contents[start + countWord] = bytes.length
  board.contents[start + formWord] = form.serialized
  return true
}

export function writeNothing(board: TaskBoard, slot: number): void {
  board.contents[slot * wordsPerSlot + formWord] = form.message
}

/** Undefined where a message carries them. */
export function readValues(board: TaskBoard, slot: number): unknown[] | undefined {
  const start = slot * wordsPerSlot
  switch (board.contents[start + formWord]) {
    case form.words:
      return readWords(board, start)
    case form.serialized:
      return readSerialized(board, start)
    default:
      return undefined
  }
}

/** The word after it, or -1 where it has no room or is nothing for words. */
function writeValue(board: TaskBoard, at: number, end: number, value: unknown): number {
  const { contents } = board
  if (at + 3 > end) return -1
  switch (typeof value) {
    case 'number':
      return writeNumber(contents, at, value)
    case 'string':
      return writeString(board, at, end, value)
    case 'boolean':
      contents[at] = value ? tag.true : tag.false
      return at + 1
    case 'undefined':
      contents[at] = tag.undefined
      return at + 1
    default:
      if (value !== null) return -1
      contents[at] = tag.null
      return at + 1
  }
}

function writeNumber(contents: Int32Array, at: number, value: number): number {
  if (Object.is(value | 0, value)) {
    contents[at] = tag.integer
    contents[at + 1] = value
    return at + 2
  }
  double[0] = value
  contents[at] = tag.double
  contents[at + 1] = doubleWords[0] as number
  contents[at + 2] = doubleWords[1] as number
  return at + 3
}

function writeString(board: TaskBoard, at: number, end: number, value: string): number {
  const next = at + 2 + ((value.length + 1) >> 1)
  if (next > end) return -1
  board.contents[at] = tag.string
  board.contents[at + 1] = value.length
  const first = (at + 2) * 2
  for (let index = 0; index < value.length; index++) board.characters[first + index] = value.charCodeAt(index)
  return next
}

function readWords({ contents, characters }: TaskBoard, start: number): unknown[] {
  const values: unknown[] = []
  let at = start + headerWords
  for (let left = contents[start + countWord] as number; left > 0; left--) {
    const kind = contents[at++]
    switch (kind) {
      case tag.integer:
        values.push(contents[at++])
        break
      case tag.double:
        doubleWords[0] = contents[at++] as number
        doubleWords[1] = contents[at++] as number
        values.push(double[0])
        break
      case tag.string: {
        const length = contents[at++] as number
        values.push(String.fromCharCode(...characters.subarray(at * 2, at * 2 + length)))
        at += (length + 1) >> 1
        break
      }
      default:
        values.push(kind === tag.undefined ? undefined : kind === tag.null ? null : kind === tag.true)
    }
  }
  return values
}

function readSerialized({ contents, bytes }: TaskBoard, start: number): unknown[] {
  const first = (start + headerWords) * Int32Array.BYTES_PER_ELEMENT
  return deserialize(bytes.slice(first, first + (contents[start + countWord] as number))) as unknown[]
}

/**
 * Plain data that may fit in. Node's serializer makes a `Buffer` of every view of a buffer, and an empty object of a `Blob`; and it would
 * take its time for large data in vain. So the rest goes as a message, and so does what refers to itself.
 */
function mayFit(values: readonly unknown[]): boolean {
  let left = bytesMax
  const fits = (value: unknown): boolean => {
    if (--left < 0) return false
    if (typeof value === 'string') return (left -= value.length) >= 0
    if (typeof value !== 'object' || value === null) return true
    if (Array.isArray(value)) return value.length <= left && Object.values(value).every(fits)
    if (types.isMap(value)) return value.entries().every(([key, part]) => fits(key) && fits(part))
    if (types.isSet(value)) return value.values().every(fits)
    return types.isDate(value) || types.isRegExp(value) || types.isBoxedPrimitive(value) || areFitting(value)
  }
  const areFitting = (value: object): boolean => {
    const prototype: unknown = Object.getPrototypeOf(value)
    return (prototype === null || prototype === Object.prototype) && Object.values(value).every(fits)
  }
  return fits(values)
}
