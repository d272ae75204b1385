/**
 * The note of a file lock's holder: who it is, for those who wait too long, and that it is there at all, for who comes after
 * one that died.
 *
 * Only the holder writes. Anyone may read, and may then read half a note: it is for people. That there is one, is read by
 * the next holder, when nobody writes.
 */
import { closeSync, constants, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'
import { CardumenError } from '../../lib/cardumen-error.ts'

const noteBytesMax = 256
const forUserOnly = 0o600

export class HolderNote {
  readonly #path: string
  readonly #descriptor: number
  readonly #bytes = Buffer.alloc(noteBytesMax)

  /** Makes the file where it is not there. */
  constructor(path: string) {
    this.#path = path
    this.#descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT, forUserOnly)
  }

  read(): string | undefined {
    const length = readSync(this.#descriptor, this.#bytes, 0, noteBytesMax, 0)
    return length === 0 ? undefined : this.#bytes.toString('utf8', 0, length)
  }

  /** @throws CardumenError `state-unwritable`: the disk is full */
  write(text: string): void {
    try {
      writeSync(this.#descriptor, this.#bytes, 0, this.#bytes.write(text), 0)
    } catch (cause) {
      this.clear()
      throw new CardumenError('state-unwritable', `${this.#path} cannot be written: ${String(cause)}`, { cause })
    }
  }

  clear(): void {
    ftruncateSync(this.#descriptor, 0)
  }

  close(): void {
    closeSync(this.#descriptor)
  }
}
