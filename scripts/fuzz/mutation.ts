/**
 * Makes bad inputs out of good ones, all decided by a seed.
 *
 * Each input is one of the corpus with a few mutations on top of each other: bits, bytes and numbers changed at random or
 * to values where mistakes live, parts cut, repeated, moved in from another input, nested deep, or renamed to what
 * JavaScript reads in a special way. It knows no format: what it should reach has to be in the corpus.
 */
import { concatBytes } from '../../src/lib/bytes.ts'
import type { Random } from '../../src/lib/random.ts'

/** One frame at its largest, and a little: past this an input is cut off. */
export const inputBytesMax = 66_000
const mutationsMax = 4
const insertedBytesMax = 64
const nestingMax = 400
/** Where the codec's own bounds lie. */
const nestingTurn = 110
const nestingTurnSpan = 60

const words = ['__proto__', 'constructor', 'prototype', 'then', 'toString', 'valueOf', 'hasOwnProperty', 'length', '']
const dictionary = words.map((word) => new TextEncoder().encode(word))
/** As MessagePack has them: a text with its length. */
const keys = dictionary.map((word) => Uint8Array.of(0xa0 + word.length, ...word))
/** One array, one field of an object, one tagged array, one text of an unknown length, one frame's length. */
const nests: readonly (readonly number[])[] = [[0x91], [0x81, 0xa1, 0x61], [0x92, 0x00], [0x92, 0x02], [0xdc, 0, 1]]
const numbers = [
  0, 1, 7, 8, 15, 16, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000,
]
const largest = 0xffff_ffff

type Mutation = (bytes: Uint8Array, random: Random, corpus: readonly Uint8Array[]) => Uint8Array

export function mutated(corpus: readonly Uint8Array[], random: Random): Uint8Array {
  let bytes: Uint8Array = pick(corpus, random).slice()
  for (let left = 1 + random.below(mutationsMax); left > 0; left--)
    bytes = pick(mutations, random)(bytes, random, corpus)
  return bytes.length <= inputBytesMax ? bytes : bytes.subarray(0, inputBytesMax)
}

const mutations: readonly Mutation[] = [
  flipBit,
  flipBit,
  setByte,
  setByte,
  setNumber,
  addToNumber,
  truncate,
  insertBytes,
  insertKey,
  renameKey,
  insertNesting,
  removePart,
  repeatPart,
  replaceBySplice,
  appendAnother,
]

function flipBit(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random.below(bytes.length)
  if (bytes.length > 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
  return bytes
}

function setByte(bytes: Uint8Array, random: Random): Uint8Array {
  if (bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256)
  return bytes
}

/** A number of 1, 2 or 4 bytes becomes one of those at which bounds and signs turn. */
function setNumber(bytes: Uint8Array, random: Random): Uint8Array {
  const value = random.below(8) === 0 ? largest - random.below(16) : pick(numbers, random)
  return withNumber(bytes, random, () => value)
}

function addToNumber(bytes: Uint8Array, random: Random): Uint8Array {
  return withNumber(bytes, random, (value) => value + random.below(33) - 16)
}

function withNumber(bytes: Uint8Array, random: Random, change: (value: number) => number): Uint8Array {
  const size = 1 << random.below(3)
  if (bytes.length < size) return bytes
  const at = random.below(bytes.length - size + 1)
  let value = 0
  for (let index = at; index < at + size; index++) value = value * 0x100 + (bytes[index] ?? 0)
  let left = change(value)
  for (let index = at + size - 1; index >= at; index--, left = Math.floor(left / 0x100)) bytes[index] = left & 0xff
  return bytes
}

function truncate(bytes: Uint8Array, random: Random): Uint8Array {
  return bytes.slice(0, random.below(bytes.length + 1))
}

function insertBytes(bytes: Uint8Array, random: Random): Uint8Array {
  const inserted = Uint8Array.from({ length: 1 + random.below(insertedBytesMax) }, () => random.below(256))
  return insertAt(bytes, random.below(bytes.length + 1), inserted)
}

function insertKey(bytes: Uint8Array, random: Random): Uint8Array {
  return insertAt(bytes, random.below(bytes.length + 1), pick(random.below(2) === 0 ? keys : dictionary, random))
}

/** A short text somewhere, often the key of a field, becomes one of those. */
function renameKey(bytes: Uint8Array, random: Random): Uint8Array {
  const from = random.below(bytes.length + 1)
  const at = bytes.findIndex((byte, index) => index >= from && byte > 0xa0 && byte < 0xb0)
  if (at < 0) return insertKey(bytes, random)
  const end = at + 1 + ((bytes[at] ?? 0) & 0x0f)
  return concatBytes([bytes.subarray(0, at), pick(keys, random), bytes.subarray(end)])
}

function insertNesting(bytes: Uint8Array, random: Random): Uint8Array {
  const nest = pick(nests, random)
  const depth = random.below(2) === 0 ? nestingTurn + random.below(nestingTurnSpan) : 1 + random.below(nestingMax)
  const inserted = new Uint8Array(nest.length * depth)
  for (let level = 0; level < depth; level++) inserted.set(nest, level * nest.length)
  return insertAt(bytes, random.below(random.below(2) === 0 ? 3 : bytes.length + 1), inserted)
}

function removePart(bytes: Uint8Array, random: Random): Uint8Array {
  const [start, end] = partOf(bytes, random)
  return concatBytes([bytes.subarray(0, start), bytes.subarray(end)])
}

function repeatPart(bytes: Uint8Array, random: Random): Uint8Array {
  const [start, end] = partOf(bytes, random)
  const times = 1 + random.below(random.below(8) === 0 ? 64 : 3)
  const part = bytes.subarray(start, end)
  const room = Math.max(1, Math.floor(inputBytesMax / Math.max(1, part.length)))
  return insertAt(bytes, end, concatBytes(Array.from({ length: Math.min(times, room) }, () => part)))
}

/** The start of this one and the end of another. */
function replaceBySplice(bytes: Uint8Array, random: Random, corpus: readonly Uint8Array[]): Uint8Array {
  const other = pick(corpus, random)
  return concatBytes([
    bytes.subarray(0, random.below(bytes.length + 1)),
    other.subarray(random.below(other.length + 1)),
  ])
}

function appendAnother(bytes: Uint8Array, random: Random, corpus: readonly Uint8Array[]): Uint8Array {
  return concatBytes([bytes, pick(corpus, random)])
}

function partOf(bytes: Uint8Array, random: Random): readonly [start: number, end: number] {
  const start = random.below(bytes.length + 1)
  return [start, start + random.below(Math.min(bytes.length - start, 1 << random.below(14)) + 1)]
}

function insertAt(bytes: Uint8Array, at: number, inserted: Uint8Array): Uint8Array {
  return concatBytes([bytes.subarray(0, at), inserted, bytes.subarray(at)])
}

function pick<Item>(items: readonly Item[], random: Random): Item {
  const item = items[random.below(items.length)]
  if (item === undefined) throw new RangeError('nothing to pick from')
  return item
}
