/**
 * The whole index: which words are in which files, and how often.
 *
 * It is made of the partial indexes of the batches, taken in the order of the listing, so that it does not depend on
 * who made them. Its digest covers everything that it says; two indexes with the same digest are the same.
 */
import { createHash } from 'node:crypto'
import type { PartialIndex } from './index-batch.ts'

interface Term {
  /** How often, over all files. */
  count: number
  /** Numbers of the files in the listing, each followed by how often the word is in it. */
  readonly postings: number[]
}

export interface CountedTerm {
  readonly word: string
  readonly count: number
  readonly files: number
}

export interface Hit {
  /** Number of the file in the listing. */
  readonly file: number
  readonly count: number
}

const digestChunkLength = 65_536

export class WordIndex {
  files = 0
  bytes = 0
  words = 0
  binary = 0
  unreadable = 0
  readonly #terms = new Map<string, Term>()

  /** Call it in the order of the batches. */
  add(partial: PartialIndex): void {
    this.files += partial.files
    this.bytes += partial.bytes
    this.words += partial.words
    this.binary += partial.binary
    this.unreadable += partial.unreadable
    const { first, postings } = partial
    let at = 0
    for (const word of partial.terms === '' ? [] : partial.terms.split(' ')) {
      const term = this.#termOf(word)
      const end = at + 1 + 2 * (postings[at] ?? 0)
      for (at++; at < end; at += 2) {
        const count = postings[at + 1] ?? 0
        term.count += count
        term.postings.push(first + (postings[at] ?? 0), count)
      }
    }
  }

  get termCount(): number {
    return this.#terms.size
  }

  /** The most frequent words, those of the same count in the order of the alphabet. */
  top(countMax: number, isWanted: (term: CountedTerm) => boolean = () => true): readonly CountedTerm[] {
    return [...this.#terms]
      .map(([word, { count, postings }]) => ({ word, count, files: postings.length / 2 }))
      .filter(isWanted)
      .sort((a, b) => b.count - a.count || (a.word < b.word ? -1 : 1))
      .slice(0, countMax)
  }

  /** The files with the word, most hits first. Empty for a word that is nowhere. */
  query(word: string): readonly Hit[] {
    const postings = this.#terms.get(word.toLowerCase())?.postings ?? []
    return Array.from({ length: postings.length / 2 }, (_, index) => ({
      file: postings[2 * index] ?? 0,
      count: postings[2 * index + 1] ?? 0,
    })).sort((a, b) => b.count - a.count || a.file - b.file)
  }

  /** SHA-256, in hexadecimal. */
  digest(): string {
    const hash = createHash('sha256')
    let chunk = `${this.files} ${this.bytes} ${this.words}\n`
    for (const word of [...this.#terms.keys()].sort()) {
      chunk += `${word} ${this.#terms.get(word)?.postings.join(' ')}\n`
      if (chunk.length < digestChunkLength) continue
      hash.update(chunk)
      chunk = ''
    }
    return hash.update(chunk).digest('hex')
  }

  #termOf(word: string): Term {
    const known = this.#terms.get(word)
    if (known !== undefined) return known
    const term: Term = { count: 0, postings: [] }
    this.#terms.set(word, term)
    return term
  }
}
