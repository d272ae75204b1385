/**
 * The job: reads a batch of files and says which words are in them.
 *
 * This is the module that the members import; the single-process run calls the very same function. What it returns is
 * small against what it read and cheap to take apart, since one process merges the results of all: the words as one
 * string, and packed numbers.
 */
import { isAscii } from 'node:buffer'
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { PackedNumbers } from './packed-numbers.ts'
import type { Batch } from './text-files.ts'

export interface PartialIndex {
  /** Process that made it. */
  readonly pid: number
  /** Number in the listing of the batch's first file; those in `postings` are counted from it. */
  readonly first: number
  readonly files: number
  readonly bytes: number
  readonly words: number
  readonly binary: number
  readonly unreadable: number
  /** The different words, separated by spaces. */
  readonly terms: string
  /** For each word, packed: in how many files it is; and for each of these its number in the batch and how often. */
  readonly postings: Uint8Array
  /** For each word, packed: how many bytes of `postings` are about it. */
  readonly sizes: Uint8Array
}

/** A run of letters and digits that begins with a letter, in any script. */
const wordPattern = /\p{L}[\p{L}\p{M}\p{N}]*/gu
/** A longer one is encoded data, not a word. */
export const wordLengthMax = 64
/** A file with a zero byte among its first ones holds no text. */
const sniffedBytes = 1_024

export function indexBatch(batch: Batch): PartialIndex {
  const postingsOf = new Map<string, number[]>()
  const counted = { files: 0, bytes: 0, words: 0, binary: 0, unreadable: 0 }
  batch.paths.forEach((path, file) => {
    const content = readText(join(batch.folder, path))
    if (typeof content === 'string') {
      counted[content]++
      return
    }
    counted.files++
    counted.bytes += content.length
    const countOf = countWords(content)
    for (const [word, count] of countOf) {
      counted.words += count
      const postings = postingsOf.get(word)
      if (postings === undefined) postingsOf.set(word, [file, count])
      else postings.push(file, count)
    }
  })
  const postings = new PackedNumbers()
  const sizes = new PackedNumbers()
  for (const list of postingsOf.values()) {
    const start = postings.sizeBytes
    postings.push(list.length / 2)
    for (const number of list) postings.push(number)
    sizes.push(postings.sizeBytes - start)
  }
  const terms = [...postingsOf.keys()].join(' ')
  return {
    pid: process.pid,
    first: batch.first,
    ...counted,
    terms,
    postings: postings.toBytes(),
    sizes: sizes.toBytes(),
  }
}

export function countWords(content: Buffer): ReadonlyMap<string, number> {
  const text = isAscii(content) ? content.toString('latin1') : content.toString('utf8')
  const countOf = new Map<string, number>()
  for (const word of text.toLowerCase().match(wordPattern) ?? []) {
    if (word.length <= wordLengthMax) countOf.set(word, (countOf.get(word) ?? 0) + 1)
  }
  return countOf
}

/** Reads no more of a binary file than tells it from text. */
function readText(path: string): Buffer | 'binary' | 'unreadable' {
  try {
    return hasZeroByte(path) ? 'binary' : readFileSync(path)
  } catch {
    return 'unreadable'
  }
}

function hasZeroByte(path: string): boolean {
  const head = new Uint8Array(sniffedBytes)
  const descriptor = openSync(path, 'r')
  try {
    return head.subarray(0, readSync(descriptor, head)).includes(0)
  } finally {
    closeSync(descriptor)
  }
}
