/**
 * The whole index: which words are in which files, and how often.
 *
 * It is made of the partial indexes of the batches, taken in the order of the listing, so that it does not depend on
 * who made them. Only the words are merged; what is known of each stays packed as it came, and is unpacked when it is
 * asked for. The digest covers everything that the index says: two with the same digest are the same.
 */
import { createHash } from 'node:crypto'
import type { PartialIndex } from './index-batch.ts'
import { PackedReader } from './packed-numbers.ts'

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
  readonly #partials: Pick<PartialIndex, 'first' | 'postings'>[] = []
  /** Where each word is spoken of: the number of a partial index and the offset in its postings, again and again. */
  readonly #places = new Map<string, number[]>()

  /** Call it in the order of the batches. */
  add(partial: PartialIndex): void {
    this.files += partial.files
    this.bytes += partial.bytes
    this.words += partial.words
    this.binary += partial.binary
    this.unreadable += partial.unreadable
    if (partial.terms === '') return
    const number = this.#partials.push(partial) - 1
    const sizes = new PackedReader(partial.sizes)
    let offset = 0
    for (const word of partial.terms.split(' ')) {
      const places = this.#places.get(word)
      if (places === undefined) this.#places.set(word, [number, offset])
      else places.push(number, offset)
      offset += sizes.next()
    }
  }

  get termCount(): number {
    return this.#places.size
  }

  /** The most frequent words, those of the same count in the order of the alphabet. */
  top(countMax: number, isWanted: (term: CountedTerm) => boolean = () => true): readonly CountedTerm[] {
    return [...this.#places.keys()]
      .map((word) => counted(word, this.#hitsOf(word)))
      .filter(isWanted)
      .sort((a, b) => b.count - a.count || (a.word < b.word ? -1 : 1))
      .slice(0, countMax)
  }

  /** The files with the word, most hits first. Empty for a word that is nowhere. */
  query(word: string): readonly Hit[] {
    return this.#hitsOf(word.toLowerCase()).sort((a, b) => b.count - a.count || a.file - b.file)
  }

  /** SHA-256, in hexadecimal. */
  digest(): string {
    const hash = createHash('sha256')
    let chunk = `${this.files} ${this.bytes} ${this.words}\n`
    for (const word of [...this.#places.keys()].sort()) {
      chunk += word
      for (const { file, count } of this.#hitsOf(word)) chunk += ` ${file} ${count}`
      chunk += '\n'
      if (chunk.length < digestChunkLength) continue
      hash.update(chunk)
      chunk = ''
    }
    return hash.update(chunk).digest('hex')
  }

  /** In the order of the listing. */
  #hitsOf(word: string): Hit[] {
    const places = this.#places.get(word) ?? []
    const hits: Hit[] = []
    for (let at = 0; at < places.length; at += 2) {
      const partial = this.#partials[places[at] ?? 0]
      if (partial === undefined) continue
      const reader = new PackedReader(partial.postings, places[at + 1])
      for (let left = reader.next(); left > 0; left--) {
        const file = partial.first + reader.next()
        hits.push({ file, count: reader.next() })
      }
    }
    return hits
  }
}

function counted(word: string, hits: readonly Hit[]): CountedTerm {
  return { word, count: hits.reduce((sum, hit) => sum + hit.count, 0), files: hits.length }
}
