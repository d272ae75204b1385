/**
 * The floor of the ring: 64-byte slots, two positions, no lengths, no checks, no sleeping, nothing but spinning.
 *
 * Each side looks at the other's position only when its last look no longer suffices.
 */
const SLOTS = 1_024
const WORDS = 16
const HEAD = 0
const TAIL = 16
const START = 32

export const bareRingBytes = (START + SLOTS * WORDS) * 4

export function bareWrite(memory: SharedArrayBuffer, count: number): void {
  const words = new Int32Array(memory)
  const message = new Int32Array(WORDS).fill(7)
  let tail = 0
  for (let head = 0; head < count; head++) {
    while (head - tail === SLOTS) tail = Atomics.load(words, TAIL)
    const at = START + (head & (SLOTS - 1)) * WORDS
    for (let word = 0; word < WORDS; word++) words[at + word] = message[word] as number
    Atomics.store(words, HEAD, head + 1)
  }
}

export function bareRead(memory: SharedArrayBuffer, count: number): void {
  const words = new Int32Array(memory)
  const message = new Int32Array(WORDS)
  let head = 0
  for (let tail = 0; tail < count; tail++) {
    while (tail === head) head = Atomics.load(words, HEAD)
    const at = START + (tail & (SLOTS - 1)) * WORDS
    for (let word = 0; word < WORDS; word++) message[word] = words[at + word] as number
    Atomics.store(words, TAIL, tail + 1)
  }
}
