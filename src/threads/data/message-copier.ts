/**
 * Copies messages into shared memory and out of it, fast for short ones.
 *
 * A call of `Uint8Array.set` costs more than the copying of 64 bytes. So a message of whole words is copied word by
 * word where the other side's buffer allows a view of words, and that view is kept while the same buffer comes again,
 * as it does in loops. Everything else is copied by `set`.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'

/** From here on `set` is faster. */
const wordwiseBytesMax = 256

export class MessageCopier {
  readonly #words: Int32Array<SharedArrayBuffer>
  readonly #bytes: Uint8Array<SharedArrayBuffer>
  /** The buffers that came last, and their words once they have come twice. */
  #source: Uint8Array | undefined
  #sourceWords: Int32Array | undefined
  #target: Uint8Array | undefined
  #targetWords: Int32Array | undefined

  constructor(words: Int32Array<SharedArrayBuffer>) {
    this.#words = words
    this.#bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength)
  }

  /** Copies all of `source` to the offset, a multiple of 4. The caller has checked that it fits. */
  copyIn(source: Uint8Array, offset: number): void {
    const { length } = source
    if (source !== this.#source || (length & 3) !== 0 || length > wordwiseBytesMax) {
      requireBytes(source)
      this.#bytes.set(source, offset)
      if (length > wordwiseBytesMax) return
      this.#source = source
      this.#sourceWords = undefined
      return
    }
    if (this.#sourceWords === undefined || this.#sourceWords.length << 2 < length) this.#sourceWords = wordsOf(source)
    const from = this.#sourceWords
    if (from === undefined) this.#bytes.set(source, offset)
    else {
      const to = this.#words
      for (let at = offset >> 2, word = 0; word < length >> 2; at++, word++) to[at] = from[word] as number
    }
  }

  /** Copies `length` bytes from the offset, a multiple of 4, to the start of `target`. */
  copyOut(target: Uint8Array, offset: number, length: number): void {
    if (target !== this.#target || (length & 3) !== 0 || length > wordwiseBytesMax) {
      requireBytes(target)
      target.set(this.#bytes.subarray(offset, offset + length))
      if (target === this.#target) return
      this.#target = target
      this.#targetWords = undefined
      return
    }
    if (this.#targetWords === undefined || this.#targetWords.length << 2 < length) this.#targetWords = wordsOf(target)
    const to = this.#targetWords
    if (to === undefined) target.set(this.#bytes.subarray(offset, offset + length))
    else {
      const from = this.#words
      for (let at = offset >> 2, word = 0; word < length >> 2; at++, word++) to[word] = from[at] as number
    }
  }
}

function requireBytes(bytes: Uint8Array): void {
  if (!(bytes instanceof Uint8Array)) throw new CardumenError('option-invalid', 'a message is a Uint8Array')
}

/** The whole words of a buffer, or undefined where they are not aligned. A growing one may have more of them later. */
function wordsOf(bytes: Uint8Array): Int32Array | undefined {
  if (bytes.byteOffset % 4 !== 0) return undefined
  return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2)
}
