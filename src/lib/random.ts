/**
 * Seeded randomness, so that a run can be repeated.
 *
 * The generator is sfc32 (Doty-Humphrey, PractRand): 128 bits of state, fast in plain JavaScript, seeded by running
 * a 32-bit mix over the seed. It decides back-off and choices among equals. It is no source of secrets: ports and
 * keys come from the crypto edge.
 */
export interface Random {
  /** A number in [0, 1). */
  next(): number
  /** A whole number in [0, bound). */
  below(bound: number): number
}

export function seededRandom(seed: number): Random {
  let a = mix(seed)
  let b = mix(a ^ 0x9e3779b9)
  let c = mix(b ^ 0x85ebca6b)
  let counter = 1
  const next32 = (): number => {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return sum >>> 0
  }
  for (let round = 0; round < 12; round++) next32()
  const next = (): number => next32() / 0x1_0000_0000
  return { next, below: (bound) => Math.floor(next() * bound) }
}

function mix(value: number): number {
  let mixed = (value | 0) + 0x6d2b79f5
  mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
  return (mixed ^ (mixed >>> 14)) | 0
}
