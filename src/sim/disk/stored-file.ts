/**
 * One file of a virtual disk: what is synced, and what was written since.
 *
 * Readers see both. A crash of the machine keeps only a beginning of what was not synced, and where writes tear, the
 * next of these writes in part. This is what files promise at worst, so what survives it survives any disk.
 */
import type { Random } from '../../lib/random.ts'

interface Write {
  readonly offset: number
  readonly bytes: Uint8Array
}

/** A number: cut, or extended by zeros, to this size. */
type Change = Write | number

export class StoredFile {
  #synced: Uint8Array = new Uint8Array(0)
  #seen: Uint8Array = this.#synced
  #unsynced: Change[] = []

  get sizeBytes(): number {
    return this.#seen.length
  }

  get unsyncedCount(): number {
    return this.#unsynced.length
  }

  read(offset: number, sizeBytes: number): Uint8Array {
    return this.#seen.slice(offset, offset + sizeBytes)
  }

  change(change: Change): void {
    this.#unsynced.push(change)
    this.#seen = applied(this.#seen, change, this.#seen !== this.#synced)
  }

  /** Of the changes made before the call: so many of them. */
  sync(count: number): void {
    const changes = this.#unsynced.splice(0, count)
    for (const change of changes) this.#synced = applied(this.#synced, change, false)
    if (this.#unsynced.length === 0) this.#seen = this.#synced
  }

  /** What was not synced is gone. */
  dropUnsynced(): void {
    this.#unsynced = []
    this.#seen = this.#synced
  }

  /** The machine loses its power. */
  crash(random: Random, tearRate: number): void {
    const kept = random.below(this.#unsynced.length + 1)
    const torn = this.#unsynced[kept]
    this.sync(kept)
    const tears = random.next() < tearRate
    const share = random.next()
    this.dropUnsynced()
    if (!tears || torn === undefined || typeof torn === 'number') return
    this.change({ offset: torn.offset, bytes: torn.bytes.subarray(0, Math.floor(torn.bytes.length * share)) })
    this.sync(1)
  }

  /** A bit of the range turns round, for good. */
  flipBit(offset: number, sizeBytes: number, random: Random): void {
    const end = Math.min(offset + sizeBytes, this.#seen.length)
    if (end <= offset) return
    const place = offset + random.below(end - offset)
    const bytes = Uint8Array.of((this.#seen[place] ?? 0) ^ (1 << random.below(8)))
    this.#synced = place < this.#synced.length ? applied(this.#synced, { offset: place, bytes }, false) : this.#synced
    this.#seen = this.#unsynced.length === 0 ? this.#synced : applied(this.#seen, { offset: place, bytes }, false)
  }
}

/** `isOwned`: nobody else sees these bytes, so they may be changed in place. */
function applied(before: Uint8Array, change: Change, isOwned: boolean): Uint8Array {
  const sizeBytes = typeof change === 'number' ? change : Math.max(before.length, change.offset + change.bytes.length)
  const after = isOwned && sizeBytes === before.length ? before : new Uint8Array(sizeBytes)
  if (after !== before) after.set(before.subarray(0, sizeBytes))
  if (typeof change !== 'number') after.set(change.bytes, change.offset)
  return after
}
