/**
 * 64 bits of a text, as two 32-bit numbers that are made in different ways.
 *
 * Among a million states two are taken for one with a chance of about one in 37 million (the birthday bound,
 * n² / 2^65), if the hash is as good as chance. It protects against nobody.
 */
export interface Hash64 {
  readonly low: number
  readonly high: number
}

export function hash64(text: string): Hash64 {
  let low = 0x2545f491
  let high = 0x9e3779b9
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    low = Math.imul(low ^ unit, 0x2c9277b5)
    low = (low << 13) | (low >>> 19)
    high = Math.imul(high ^ unit, 0x5f356495)
    high ^= high >>> 15
  }
  return { low: spread(low ^ text.length), high: spread(high + text.length) }
}

/** Every bit of the number touches every bit of the result (the constants are from the hash prospector, Wellons, 2018). */
export function spread(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x21f0aaad)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
  return mixed ^ (mixed >>> 15)
}
