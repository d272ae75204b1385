/**
 * A running digest of texts: equal for equal runs, and different for different ones as far as 64 bits can tell.
 *
 * Two 32-bit halves of the kind of FNV-1a (Fowler, Noll, Vo), with different primes. It finds differences between
 * runs; it is no protection against anybody.
 */
export class Digest {
  #low = 0x811c9dc5
  #high = 0x6c62272e

  add(text: string): void {
    let low = this.#low
    let high = this.#high
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index)
      low = Math.imul(low ^ unit, 0x01000193)
      high = Math.imul(high ^ unit, 0x85ebca6b) ^ (high >>> 13)
    }
    this.#low = Math.imul(low ^ text.length, 0x01000193)
    this.#high = high
  }

  addNumber(value: number): void {
    const whole = Math.floor(value)
    const part = Math.floor((value - whole) * 0x1_0000_0000)
    this.#low = Math.imul(this.#low ^ whole, 0x01000193) ^ Math.imul(part, 0x9e3779b1)
    this.#high = Math.imul(this.#high ^ part, 0x85ebca6b) ^ Math.imul(whole, 0xc2b2ae35) ^ (this.#high >>> 15)
  }

  /** 16 hexadecimal digits. */
  get text(): string {
    return [this.#high, this.#low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('')
  }
}

/** 32 bits. */
export function textHash(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return hash ^ (hash >>> 15)
}
