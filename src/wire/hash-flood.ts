/**
 * Tells keys of a Map or a Set that were chosen to fall into one bucket (Crosby and Wallach, 2003).
 *
 * V8 gives texts and objects hashes that nobody can foresee, but numbers and bigints the same ones in every process. So
 * a frame of 64 KiB full of chosen numbers held the event loop up for 180 ms, and a larger message for as long as its
 * sender liked. Here V8's own functions (Wang's integer hashes, 1997) say before a collection is built how many steps
 * that will take. Should an engine hash in another way, honest values still pass, and chosen ones are not noticed.
 */

/** Fewer keys cost little wherever they fall. */
const unfloodableMax = 256
/** Honest keys take about two. */
const stepsPerKeyMax = 32

const float = new DataView(new ArrayBuffer(8))

/** Whether keys with these hashes, in any order, would make a collection slow. */
export function isFlood(keys: readonly unknown[]): boolean {
  if (keys.length <= unfloodableMax) return false
  // As many buckets as V8 has for so many keys, or half.
  const buckets = new Uint32Array(2 ** Math.ceil(Math.log2(keys.length / 2)))
  let steps = 0
  for (const key of keys) {
    if (typeof key !== 'number' && typeof key !== 'bigint') continue
    const bucket = hashOf(key) & (buckets.length - 1)
    const length = (buckets[bucket] ?? 0) + 1
    buckets[bucket] = length
    steps += length
  }
  return steps > stepsPerKeyMax * keys.length
}

function hashOf(key: number | bigint): number {
  if (typeof key === 'number' && (key | 0) === key) return hashOf32(key)
  if (typeof key === 'number') float.setFloat64(0, key)
  // Of a bigint V8 looks at the size without its sign, and of that at the lowest 64 bits.
  else float.setBigUint64(0, BigInt.asUintN(64, key < 0n ? -key : key))
  return hashOf64(float.getUint32(0), float.getUint32(4))
}

function hashOf32(key: number): number {
  let hash = (~key + (key << 15)) | 0
  hash ^= hash >>> 12
  hash = (hash + (hash << 2)) | 0
  hash ^= hash >>> 4
  hash = Math.imul(hash, 2_057)
  return hash ^ (hash >>> 16)
}

/** Of the two halves of 64 bits; the lower 32 bits of the hash, of which V8 keeps 30. */
function hashOf64(keyHigh: number, keyLow: number): number {
  const sum = (~keyLow >>> 0) + ((keyLow << 18) >>> 0)
  let high = (~keyHigh + ((keyHigh << 18) | (keyLow >>> 14)) + (sum > 0xffff_ffff ? 1 : 0)) >>> 0
  let low = sum >>> 0
  low = (low ^ ((high << 1) | (low >>> 31))) >>> 0
  high = (high ^ (high >>> 31)) >>> 0
  const multiplied = low * 21
  high = (Math.imul(high, 21) + Math.floor(multiplied / 0x1_0000_0000)) >>> 0
  low = multiplied >>> 0
  low = (low ^ ((high << 21) | (low >>> 11))) >>> 0
  high = (high ^ (high >>> 11)) >>> 0
  const again = low * 65
  high = (Math.imul(high, 65) + Math.floor(again / 0x1_0000_0000)) >>> 0
  low = again >>> 0
  return low ^ ((high << 10) | (low >>> 22))
}
