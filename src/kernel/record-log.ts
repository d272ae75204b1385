/**
 * What a machine persists, on a disk: records in the order of their writing, each there whole or not at all.
 *
 *   | bytes of the record u32 | its number u32 | number of the first of its group u32 | CRC-32 of the record u32 |
 *   | CRC-32 of the four before it and of the place in the file u32 | record |
 *
 * An append resolves once its record is synced; appends that come while a sync is under way form the next group. What
 * a crash left of the last group is cut off at opening, and the rest synced before anybody is told of it. A damaged
 * record with the header of a later group behind it is no such rest: the disk has changed what was acknowledged, and
 * the log refuses to open rather than lose it in silence. Damage in the last group cannot be told from a crash.
 */
import type { Disk, DiskFile } from '../edges/disk.ts'
import { CardumenError, isCardumenError } from '../lib/cardumen-error.ts'
import { crc32 } from '../lib/crc32.ts'

export const recordBytesMax = 1_048_576
/** Of one log, with what waits to be written; it is read whole at opening. */
export const logBytesMax = 64 * 1_048_576
const headerBytes = 20
const checksumAt = 12
const headerChecksumAt = 16

interface Append {
  readonly record: Uint8Array
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export class RecordLog implements AsyncDisposable {
  /** What was in it when it was opened, oldest first. */
  readonly recovered: readonly Uint8Array[]
  readonly #file: DiskFile
  #endBytes: number
  #count: number
  #waiting: Append[] = []
  /** Of what waits and of what is being written. */
  #waitingBytes = 0
  #writing: Promise<void> | undefined
  /** After a failed sync nobody knows what the file holds: it takes no more until it is opened anew. */
  #failure: CardumenError | undefined
  #closing: Promise<void> | undefined

  /** @throws CardumenError `state-damaged`, and what the disk throws. */
  static async open(disk: Disk, name: string): Promise<RecordLog> {
    const file = await disk.open(name)
    try {
      const sizeBytes = await file.size()
      if (sizeBytes > logBytesMax) throw damaged(name, `it has ${sizeBytes} bytes`)
      const bytes = await file.read(0, sizeBytes)
      const { records, lastGroupAt, endBytes } = readRecords(bytes, name)
      if (sizeBytes > 0) {
        // Whoever reads the last group here takes it for safe, but it may be in the system's memory only: its writer was
        // killed, or its sync failed, after which many systems take for written what is not. So it is written again.
        await file.write(lastGroupAt, bytes.subarray(lastGroupAt, endBytes))
        await file.truncate(endBytes)
        await file.sync()
      }
      return new RecordLog(file, records, endBytes)
    } catch (error) {
      await file.close().catch(() => undefined) // The first error says more.
      throw error
    }
  }

  private constructor(file: DiskFile, recovered: readonly Uint8Array[], endBytes: number) {
    this.#file = file
    this.recovered = recovered
    this.#count = recovered.length
    this.#endBytes = endBytes
  }

  /**
   * Resolves when the record outlives a crash. The bytes must not be changed before.
   * @throws CardumenError `too-large`, also where the log has no room for it; `closed`; `disk-full`, after which it may be tried again; `disk-failed`, after
   * which the record may be there or not, and the log takes no more.
   */
  append(record: Uint8Array): Promise<void> {
    if (record.length > recordBytesMax)
      return Promise.reject(new CardumenError('too-large', `A record has at most ${recordBytesMax} bytes.`))
    const sizeBytes = headerBytes + record.length
    if (this.#endBytes + this.#waitingBytes + sizeBytes > logBytesMax)
      return Promise.reject(new CardumenError('too-large', `A log has at most ${logBytesMax} bytes.`))
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    if (this.#closing !== undefined) return Promise.reject(new CardumenError('closed', 'The log is closed.'))
    return new Promise((resolve, reject) => {
      this.#waitingBytes += sizeBytes
      this.#waiting.push({ record, resolve, reject })
      this.#writing ??= this.#write()
    })
  }

  /** What was appended before is written first. */
  close(): Promise<void> {
    this.#closing ??= (this.#writing ?? Promise.resolve()).then(() => this.#file.close())
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0)
      try {
        await this.#writeGroup(group)
        for (const { resolve } of group) resolve()
      } catch (error) {
        await this.#onFailed(error)
        this.#waitingBytes -= sizeOf(group)
        for (const { reject } of group) reject(this.#failure ?? error)
      }
    }
    // In the same turn as the last look at what waits, so that nothing comes between them.
    this.#writing = undefined
  }

  async #writeGroup(group: readonly Append[]): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    const bytes = encodeRecords(group, this.#count, this.#endBytes)
    await this.#file.write(this.#endBytes, bytes)
    await this.#file.sync()
    this.#endBytes += bytes.length
    this.#waitingBytes -= bytes.length
    this.#count += group.length
  }

  /** What a full disk took of the group is cut off for good: who was refused may rely on it. */
  async #onFailed(error: unknown): Promise<void> {
    try {
      if (!isCardumenError(error, 'disk-full')) throw error
      await this.#file.truncate(this.#endBytes).then(() => this.#file.sync())
    } catch (cause) {
      this.#failure ??= new CardumenError('disk-failed', `The log ${this.#file.name} takes no more: its disk failed.`, {
        ...{ executed: 'unknown', cause },
      })
    }
  }
}

/** `first`: the number of the first of them; `place`: where it will stand in the file. */
function encodeRecords(group: readonly Append[], first: number, place: number): Uint8Array {
  const bytes = new Uint8Array(sizeOf(group))
  const view = viewOf(bytes)
  let at = 0
  for (const [index, { record }] of group.entries()) {
    view.setUint32(at, record.length)
    view.setUint32(at + 4, first + index)
    view.setUint32(at + 8, first)
    bytes.set(record, at + headerBytes)
    view.setUint32(at + checksumAt, checksum(bytes, at, record.length))
    view.setUint32(at + headerChecksumAt, headerChecksum(bytes, at, place + at))
    at += headerBytes + record.length
  }
  return bytes
}

function sizeOf(group: readonly Append[]): number {
  return group.reduce((sum, { record }) => sum + headerBytes + record.length, 0)
}

interface Read {
  readonly records: Uint8Array[]
  /** All before it was synced, since this group was written only then. */
  readonly lastGroupAt: number
  readonly endBytes: number
}

function readRecords(bytes: Uint8Array, name: string): Read {
  const records: Uint8Array[] = []
  const view = viewOf(bytes)
  let at = 0
  let lastGroupAt = 0
  for (let record = soundRecord(bytes, at, 0); record !== undefined; record = soundRecord(bytes, at, records.length)) {
    if (view.getUint32(at + 8) === records.length) lastGroupAt = at
    records.push(record)
    at += headerBytes + record.length
  }
  if (hasLaterGroup(bytes, at + 1, records.length))
    throw damaged(name, `record ${records.length} is not what was written, and later ones are`)
  return { records, lastGroupAt, endBytes: at }
}

/** Whether the header of a group stands there that began after the record `missing`. */
function hasLaterGroup(bytes: Uint8Array, from: number, missing: number): boolean {
  const view = viewOf(bytes)
  for (let at = from; at + headerBytes <= bytes.length; at++) {
    const number = view.getUint32(at + 4)
    const first = view.getUint32(at + 8)
    // Only what looks like a header is worth a checksum.
    if (first <= missing || first > number || view.getUint32(at) > recordBytesMax) continue
    if (view.getUint32(at + headerChecksumAt) === headerChecksum(bytes, at, at)) return true
  }
  return false
}

function soundRecord(bytes: Uint8Array, at: number, number: number): Uint8Array | undefined {
  if (at + headerBytes > bytes.length) return undefined
  const view = viewOf(bytes)
  const sizeBytes = view.getUint32(at)
  if (sizeBytes > recordBytesMax || at + headerBytes + sizeBytes > bytes.length) return undefined
  if (view.getUint32(at + 4) !== number) return undefined
  if (view.getUint32(at + headerChecksumAt) !== headerChecksum(bytes, at, at)) return undefined
  if (view.getUint32(at + checksumAt) !== checksum(bytes, at, sizeBytes)) return undefined
  return bytes.slice(at + headerBytes, at + headerBytes + sizeBytes)
}

function checksum(bytes: Uint8Array, at: number, sizeBytes: number): number {
  return crc32(bytes.subarray(at + headerBytes, at + headerBytes + sizeBytes))
}

/** With the place, so that a record which holds bytes of a log is not taken for one. */
function headerChecksum(bytes: Uint8Array, at: number, place: number): number {
  const covered = new Uint8Array(headerChecksumAt + 4)
  covered.set(bytes.subarray(at, at + headerChecksumAt))
  viewOf(covered).setUint32(headerChecksumAt, place)
  return crc32(covered)
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function damaged(name: string, why: string): CardumenError {
  return new CardumenError('state-damaged', `The log "${name}" is damaged: ${why}.`)
}
