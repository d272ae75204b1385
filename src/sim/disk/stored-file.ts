/**
 * One file of a virtual disk: its bytes, and how each change that is not synced yet can be taken back.
 *
 * A crash of the machine keeps only a beginning of what was not synced, and where writes tear, the next of these writes
 * in part. This is what files promise at worst, so what survives it survives any disk.
 */
import type { Random } from '../../lib/random.ts'

/** Of changes that nobody syncs, with what they replaced; over it the oldest are written back, as systems do. */
export const unsyncedBytesMax = 134_217_728
/** What a change takes besides its bytes. */
const changeBytes = 64

interface Write {
  readonly offset: number
  readonly bytes: Uint8Array
}

/** A number: cut, or extended by zeros, to this size. */
type Change = Write | number

interface Unsynced {
  readonly number: number
  readonly change: Change
  readonly sizeBefore: number
  /** What stood from `offset` on, where the change wrote or cut. */
  readonly offset: number
  readonly before: Uint8Array
}

export class StoredFile {
  /** Grows by doubling; what is behind `#sizeBytes` is zero. */
  #buffer: Uint8Array = new Uint8Array(0)
  #sizeBytes = 0
  /** Oldest first. */
  #unsynced: Unsynced[] = []
  #unsyncedBytes = 0
  #changes = 0

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** The number of its last change; the first one is 1. */
  get lastChange(): number {
    return this.#changes
  }

  read(offset: number, sizeBytes: number): Uint8Array {
    return this.#buffer.slice(offset, Math.min(offset + sizeBytes, this.#sizeBytes))
  }

  change(change: Change): void {
    const [offset, end] = typeof change === 'number' ? [change, this.#sizeBytes] : [change.offset, endOf(change)]
    const sizeBefore = this.#sizeBytes
    const before = this.read(offset, Math.max(0, end - offset))
    this.#remember({ number: ++this.#changes, change, sizeBefore, offset, before })
    if (typeof change === 'number') return this.#resize(change)
    this.#resize(Math.max(sizeBefore, end))
    this.#buffer.set(change.bytes, change.offset)
  }

  /** All up to the change of this number. */
  sync(last: number): void {
    const kept = this.#unsynced.findIndex(({ number }) => number > last)
    const count = kept === -1 ? this.#unsynced.length : kept
    for (const synced of this.#unsynced.splice(0, count)) this.#unsyncedBytes -= bytesOf(synced)
  }

  /** What was not synced is gone. */
  dropUnsynced(): void {
    this.#takeBack(0)
  }

  /** The machine loses its power. */
  crash(random: Random, tearRate: number): void {
    const kept = random.below(this.#unsynced.length + 1)
    const torn = this.#unsynced[kept]?.change
    const tears = random.next() < tearRate
    const share = random.next()
    this.#takeBack(kept)
    if (tears && torn !== undefined && typeof torn !== 'number') {
      this.change({ offset: torn.offset, bytes: torn.bytes.subarray(0, Math.floor(torn.bytes.length * share)) })
    }
    this.#unsynced = []
    this.#unsyncedBytes = 0
  }

  /** A bit of the range turns round, for good. */
  flipBit(offset: number, sizeBytes: number, random: Random): void {
    const end = Math.min(offset + sizeBytes, this.#sizeBytes)
    if (end <= offset) return
    const place = offset + random.below(end - offset)
    this.#buffer[place] = (this.#buffer[place] ?? 0) ^ (1 << random.below(8))
  }

  #remember(unsynced: Unsynced): void {
    this.#unsynced.push(unsynced)
    this.#unsyncedBytes += bytesOf(unsynced)
    while (this.#unsyncedBytes > unsyncedBytesMax) {
      const oldest = this.#unsynced.shift()
      if (oldest === undefined) return
      this.#unsyncedBytes -= bytesOf(oldest)
    }
  }

  /** Down to the oldest so many. */
  #takeBack(count: number): void {
    while (this.#unsynced.length > count) {
      const last = this.#unsynced.pop()
      if (last === undefined) return
      this.#unsyncedBytes -= bytesOf(last)
      this.#resize(last.sizeBefore)
      this.#buffer.set(last.before, last.offset)
    }
  }

  #resize(sizeBytes: number): void {
    if (sizeBytes > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(sizeBytes, 2 * this.#buffer.length))
      larger.set(this.#buffer)
      this.#buffer = larger
    }
    if (sizeBytes < this.#sizeBytes) this.#buffer.fill(0, sizeBytes, this.#sizeBytes)
    this.#sizeBytes = sizeBytes
  }
}

function bytesOf({ change, before }: Unsynced): number {
  return changeBytes + before.length + (typeof change === 'number' ? 0 : change.bytes.length)
}

function endOf({ offset, bytes }: Write): number {
  return offset + bytes.length
}
