/**
 * A member's own disk: a few files, and the moment from which bytes outlive a crash.
 *
 * What was written and not synced may be lost in a crash, whole or in part. Everything fails with a CardumenError:
 * `disk-full`, or `disk-failed` after which the bytes of that file that were not synced count as lost. A file that is
 * open twice is an error of the program.
 */
export interface Disk {
  /** Opens a file of this member, and creates it where there is none. */
  open(name: string): Promise<DiskFile>
  /** Names of the files, in the order of their text. */
  list(): Promise<readonly string[]>
  /** Replaces `target` where there is one. Atomic, and durable once it resolves. */
  rename(source: string, target: string): Promise<void>
  /** No error where there is none. Durable once it resolves. */
  remove(name: string): Promise<void>
}

export interface DiskFile {
  readonly name: string
  size(): Promise<number>
  /** Fewer bytes where the file ends. */
  read(offset: number, sizeBytes: number): Promise<Uint8Array>
  /** All of it, or an error after which any part of it may be there. */
  write(offset: number, bytes: Uint8Array): Promise<void>
  truncate(sizeBytes: number): Promise<void>
  /** Resolves when everything written before the call outlives a crash. */
  sync(): Promise<void>
  close(): Promise<void>
}
