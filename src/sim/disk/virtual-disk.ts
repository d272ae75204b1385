/**
 * The disk of one virtual member, which outlives its lives, with everything that disks do wrong.
 *
 * Each operation takes drawn time and is carried out at its end, on the life that asked; where that life is over by
 * then, it never was. A crash of the process keeps what was written, as the operating system does; a crash of the
 * machine keeps what was synced, and of the rest what `StoredFile` says. Faults are rates that the script sets.
 */
import type { Disk, DiskFile } from '../../edges/disk.ts'
import { checkFileName } from '../../edges/file-name.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { Random } from '../../lib/random.ts'
import type { DiskFault } from '../faults/script-runner.ts'
import { StoredFile } from './stored-file.ts'

/** Runs something on a life of the member after so long; never once that life is over. */
export type Later = (delayMs: number, run: () => void) => void

export const diskBytesDefault = 64 * 1_048_576
/** A further one finds the disk full. */
const filesMax = 10_000
const operationMs = 0.05
const syncMsMin = 1
const syncMsMax = 4

export class VirtualDisk {
  readonly #files = new Map<string, StoredFile>()
  readonly #random: Random
  readonly #capacityBytes: number
  readonly #inForce = new Set<DiskFault>()

  constructor(random: Random, capacityBytes = diskBytesDefault) {
    this.#random = random
    this.#capacityBytes = capacityBytes
  }

  setFault(fault: DiskFault, isOn: boolean): void {
    if (isOn) this.#inForce.add(fault)
    else this.#inForce.delete(fault)
  }

  /** The life that wrote is over. */
  crash(how: 'process' | 'machine'): void {
    if (how === 'process') return
    for (const file of this.#files.values()) file.crash(this.#random, this.#rate('torn-write'))
  }

  /** The disk as one life of the member sees it. */
  edgeFor(later: Later): Disk {
    const open = new Set<string>()
    const run = <Result>(delayMs: number, act: () => Result): Promise<Result> =>
      new Promise((resolve, reject) => {
        later(delayMs, () => {
          try {
            resolve(act())
          } catch (error) {
            reject(error instanceof Error ? error : new CardumenError('disk-failed', String(error)))
          }
        })
      })
    return {
      open: (name) => run(operationMs, () => this.#open(name, open, run)),
      list: () => run(operationMs, () => [...this.#files.keys()].sort()),
      rename: (source, target) => run(this.#syncMs(), () => this.#rename(checkFileName(source), checkFileName(target))),
      remove: (name) => run(this.#syncMs(), () => void this.#files.delete(checkFileName(name))),
    }
  }

  #open(name: string, open: Set<string>, run: Run): DiskFile {
    checkFileName(name)
    if (open.has(name)) throw new CardumenError('option-invalid', `The file "${name}" is open already.`)
    const known = this.#files.get(name)
    if (known === undefined && this.#files.size >= filesMax)
      throw new CardumenError('disk-full', `The disk of this member has no room for more than ${filesMax} files.`)
    open.add(name)
    const file = known ?? new StoredFile()
    this.#files.set(name, file)
    return this.#handle(name, file, run, () => void open.delete(name))
  }

  #handle(name: string, file: StoredFile, runAlways: Run, onClosed: () => void): DiskFile {
    let isClosed = false
    const run: Run = (delayMs, act) =>
      runAlways(delayMs, () => {
        if (isClosed) throw new CardumenError('disk-failed', `The file "${name}" was closed.`)
        return act()
      })
    const close = (): void => {
      if (!isClosed) onClosed()
      isClosed = true
    }
    return {
      name,
      size: () => run(operationMs, () => file.sizeBytes),
      read: (offset, sizeBytes) => run(operationMs, () => this.#read(file, offset, sizeBytes)),
      write: (offset, bytes) => {
        const copy = bytes.slice()
        return run(operationMs, () => this.#write(file, offset, copy))
      },
      truncate: (sizeBytes) => run(operationMs, () => this.#resize(file, sizeBytes)),
      sync: () => {
        // What is written from now on is of the next sync.
        const last = file.lastChange
        return run(this.#syncMs(), () => this.#sync(name, file, last))
      },
      close: () => runAlways(operationMs, close),
    }
  }

  #read(file: StoredFile, offset: number, sizeBytes: number): Uint8Array {
    if (this.#strikes('bit-flip')) file.flipBit(offset, sizeBytes, this.#random)
    return file.read(offset, sizeBytes)
  }

  #write(file: StoredFile, offset: number, bytes: Uint8Array): void {
    const growthBytes = Math.max(0, offset + bytes.length - file.sizeBytes)
    if (this.#hasRoomFor(growthBytes)) return file.change({ offset, bytes })
    // As on a host, a beginning of it fits all the same.
    const fitBytes = Math.max(0, bytes.length - growthBytes + Math.min(growthBytes, this.#roomBytes()))
    const part = bytes.subarray(0, this.#random.below(fitBytes + 1))
    if (part.length > 0) file.change({ offset, bytes: part })
    throw new CardumenError('disk-full', 'The disk of this member is full.')
  }

  #resize(file: StoredFile, sizeBytes: number): void {
    if (!this.#hasRoomFor(sizeBytes - file.sizeBytes))
      throw new CardumenError('disk-full', 'The disk of this member is full.')
    file.change(sizeBytes)
  }

  #sync(name: string, file: StoredFile, last: number): void {
    if (this.#strikes('sync-failure')) {
      file.dropUnsynced()
      throw new CardumenError('disk-failed', `Syncing "${name}" failed; what was not synced is lost.`)
    }
    file.sync(last)
  }

  #rename(source: string, target: string): void {
    const file = this.#files.get(source)
    if (file === undefined) throw new CardumenError('disk-failed', `There is no file "${source}".`)
    this.#files.delete(source)
    this.#files.set(target, file)
  }

  #hasRoomFor(growthBytes: number): boolean {
    return growthBytes <= 0 || (this.#rate('disk-full') === 0 && growthBytes <= this.#roomBytes())
  }

  #roomBytes(): number {
    return this.#capacityBytes - [...this.#files.values()].reduce((sum, file) => sum + file.sizeBytes, 0)
  }

  #strikes(kind: DiskFault['kind']): boolean {
    const rate = this.#rate(kind)
    return rate > 0 && this.#random.next() < rate
  }

  /** 0: no fault of that kind is in force. */
  #rate(kind: DiskFault['kind']): number {
    let rate = 0
    for (const fault of this.#inForce) if (fault.kind === kind) rate = 'rate' in fault ? fault.rate : 1
    return rate
  }

  #syncMs(): number {
    return syncMsMin + this.#random.next() * (syncMsMax - syncMsMin)
  }
}

type Run = <Result>(delayMs: number, act: () => Result) => Promise<Result>
