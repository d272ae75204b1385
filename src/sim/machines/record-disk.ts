/**
 * The virtual disk of a member whose machine persists records: a log, and the moment from which a record is safe.
 *
 * Records are appended in order; one sync at a time makes safe what was appended before it began. Where a record cannot
 * be kept, it and everything appended before the machine has been told fail together, so the log has no hole.
 * A crash of the machine loses what is not synced. A crash of the process alone keeps it, since the system already has
 * it; there a torn write is the last such record, of which a part is missing. Recovery drops a torn record, and ends the
 * log at a damaged one, as a checksum would make it: half a record is never read.
 */
import type { Random } from '../../lib/random.ts'
import type { DiskFault } from '../faults/script-runner.ts'

export type DiskFailure = 'disk-full' | 'disk-failed'

export interface DiskCounts {
  recordsSynced: number
  recordsFailed: number
  /** Not synced when their machine crashed. */
  recordsLost: number
  recordsTorn: number
  /** At a flipped bit, and what came after it in the log. */
  recordsDamaged: number
}

/** Records of one member; over it the disk is full. */
const recordsMax = 1_000_000

interface Written<Persisted> {
  readonly record: Persisted
  readonly isRefused: boolean
}

export class RecordDisk<Persisted> {
  readonly #random: Random
  readonly #counts: DiskCounts
  readonly #inForce = new Set<DiskFault>()
  readonly #log: Persisted[] = []
  #unsynced: Written<Persisted>[] = []
  /** Safe, but the machine does not know it yet. */
  #untold: Persisted[] = []
  #syncing = 0
  #failure: DiskFailure | undefined

  constructor(random: Random, counts: DiskCounts) {
    this.#random = random
    this.#counts = counts
  }

  setFault(fault: DiskFault, isOn: boolean): void {
    if (isOn) this.#inForce.add(fault)
    else this.#inForce.delete(fault)
  }

  append(record: Persisted): void {
    const isFull = this.#log.length + this.#unsynced.length >= recordsMax || this.#has('disk-full')
    this.#unsynced.push({ record, isRefused: isFull })
  }

  /** True: something waits for a sync, and none is under way. */
  get wantsSync(): boolean {
    return this.#syncing === 0 && this.#failure === undefined && this.#unsynced.length > 0
  }

  beginSync(): void {
    this.#syncing = this.#unsynced.length
  }

  /** The disk is done; the machine may be told later, with `takeDurable` and `takeFailed`. */
  endSync(): void {
    const batch = this.#unsynced.slice(0, this.#syncing)
    this.#syncing = 0
    const isFailing = this.#random.next() < this.#rate('sync-failure')
    const refused = batch.findIndex((written) => written.isRefused)
    const kept = isFailing ? 0 : refused === -1 ? batch.length : refused
    if (kept < batch.length) this.#failure = isFailing ? 'disk-failed' : 'disk-full'
    for (const { record } of this.#unsynced.splice(0, kept)) {
      this.#log.push(record)
      this.#untold.push(record)
    }
    this.#counts.recordsSynced += kept
  }

  takeDurable(): readonly Persisted[] {
    const durable = this.#untold
    this.#untold = []
    return durable
  }

  /** Undefined: nothing has failed. Afterwards the disk takes records again. */
  takeFailed(): { readonly records: readonly Persisted[]; readonly code: DiskFailure } | undefined {
    if (this.#failure === undefined) return undefined
    const failed = { records: this.#unsynced.map((written) => written.record), code: this.#failure }
    this.#counts.recordsFailed += failed.records.length
    this.#unsynced = []
    this.#failure = undefined
    return failed
  }

  crash(how: 'process' | 'machine'): void {
    const refused = this.#unsynced.findIndex((written) => written.isRefused)
    const handedOver = refused === -1 ? this.#unsynced : this.#unsynced.slice(0, refused)
    const written = this.#failure === undefined ? handedOver : []
    const isTorn = this.#random.next() < this.#rate('torn-write') && written.length > 0
    if (isTorn) this.#counts.recordsTorn++
    if (how === 'process') {
      for (const { record } of isTorn ? written.slice(0, -1) : written) this.#log.push(record)
    } else this.#counts.recordsLost += written.length
    this.#unsynced = []
    this.#untold = []
    this.#syncing = 0
    this.#failure = undefined
  }

  /** What a new life reads. What is found damaged stays so. */
  recover(): readonly Persisted[] {
    const rate = this.#rate('bit-flip')
    const damaged = this.#log.findIndex(() => this.#random.next() < rate)
    if (damaged !== -1) {
      this.#counts.recordsDamaged += this.#log.length - damaged
      this.#log.length = damaged
    }
    return [...this.#log]
  }

  #has(kind: DiskFault['kind']): boolean {
    for (const fault of this.#inForce) if (fault.kind === kind) return true
    return false
  }

  /** Of the fault of that kind that was put in force last. */
  #rate(kind: Exclude<DiskFault['kind'], 'disk-full'>): number {
    let rate = 0
    for (const fault of this.#inForce) if (fault.kind === kind) ({ rate } = fault)
    return rate
  }
}
