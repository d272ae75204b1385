/**
 * Registers for processes: numbers of 8 bytes in a file in memory, each read and written by one positioned call.
 *
 * Plain Node shares no memory between processes; the pages of a file on tmpfs are the nearest thing, at 1 to 2 us an access.
 * There is no compare-and-set, and nobody promises that a read which overlaps a write is not torn: the bakery needs
 * neither. That a write is done before the same process's next read is what the kernel's lock around each write gives.
 * All of it is written when it is made, so that no later write finds the memory full. What is read and is no whole number,
 * since a write tore it or somebody else wrote there, counts as 0.
 * Whoever makes the file owns it: `close()` removes it, as does the end of its thread; after `terminate()` or a
 * SIGKILL it stays.
 */
import { randomUUID } from 'node:crypto'
import { accessSync, closeSync, constants, fstatSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { Unpack } from '../travel/kinds.ts'
import { pack, type Packed, type Shareable } from '../travel/shareable.ts'
import { assertRegister, type Registers } from './registers.ts'

export interface RegisterFileOptions {
  /** How many registers, each 0 at first; at most `registersMax`. */
  readonly registers: number
  /** Where the file is made; `/dev/shm` where that is there, else the folder for temporary files. */
  readonly folder?: string
}

interface RegisterFileState {
  readonly path: string
}

const registersMax = 1_048_576
const registerBytes = 8
const memoryFolder = '/dev/shm'

/** Those that this thread made and has not closed. */
const made = new Set<RegisterFile>()

export class RegisterFile implements Registers, Shareable {
  readonly path: string
  readonly count: number
  readonly valueMax = Number.MAX_SAFE_INTEGER
  readonly #number = new Float64Array(1)
  readonly #bytes = new Uint8Array(this.#number.buffer)
  readonly #isOwner: boolean
  #handle: number | undefined

  /**
   * A new file, or the one at `path`.
   * @throws CardumenError `option-invalid`, `state-unwritable` (no such file, no permission), `disk-full`
   */
  constructor(source: RegisterFileOptions | RegisterFileState) {
    this.#isOwner = 'registers' in source
    this.path = 'registers' in source ? newPath(source) : source.path
    this.#handle = 'registers' in source ? make(this.path, source.registers) : open(this.path)
    if (this.#isOwner) {
      if (made.size === 0) process.once('exit', closeAll)
      made.add(this)
    }
    this.count = Math.floor(fstatSync(this.#handle).size / registerBytes)
  }

  /** One read. @throws CardumenError `out-of-bounds`, `closed`, `memory-too-small` where the file was cut off meanwhile */
  read(register: number): number {
    assertRegister(this, register)
    const read = readSync(this.#opened(), this.#bytes, 0, registerBytes, register * registerBytes)
    if (read !== registerBytes) {
      throw new CardumenError('memory-too-small', `Register ${register} is not in ${this.path} any more.`)
    }
    const [value = 0] = this.#number
    return isWhole(value) ? value : 0
  }

  /** One write, of a whole number from 0 to `valueMax`. @throws CardumenError `out-of-bounds`, `closed`, `option-invalid` */
  write(register: number, value: number): void {
    assertRegister(this, register)
    if (!isWhole(value)) {
      throw new CardumenError('option-invalid', `A register holds whole numbers from 0 on, not ${String(value)}.`)
    }
    this.#number[0] = value
    writeSync(this.#opened(), this.#bytes, 0, registerBytes, register * registerBytes)
  }

  /** Its maker also removes the file; processes that have it open can go on with it, no further one can open it. */
  close(): void {
    if (this.#handle === undefined) return
    closeSync(this.#handle)
    this.#handle = undefined
    if (!this.#isOwner) return
    rmSync(this.path, { force: true })
    made.delete(this)
    if (made.size === 0) process.removeListener('exit', closeAll)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  [pack](): Packed {
    return { kind: 'registerFile', state: { path: this.path } satisfies RegisterFileState }
  }

  #opened(): number {
    if (this.#handle !== undefined) return this.#handle
    throw new CardumenError('closed', `The register file ${this.path} is closed.`)
  }
}

export const unpackRegisterFile: Unpack = (state: RegisterFileState) => new RegisterFile(state)

function closeAll(): void {
  for (const file of made) file.close()
}

function isWhole(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

function open(path: string): number {
  try {
    return openSync(path, 'r+')
  } catch (cause) {
    throw unusable(path, cause)
  }
}

/** A file that has no room for all registers is not left behind. */
function make(path: string, registers: number): number {
  let handle: number | undefined
  try {
    handle = openSync(path, 'wx+', 0o600)
    const zeros = new Uint8Array(registers * registerBytes)
    for (let written = 0; written < zeros.length; ) written += writeSync(handle, zeros, written)
    return handle
  } catch (cause) {
    if (handle !== undefined) {
      closeSync(handle)
      rmSync(path, { force: true })
    }
    throw unusable(path, cause)
  }
}

function unusable(path: string, cause: unknown): CardumenError {
  const { code, message } = cause as NodeJS.ErrnoException
  if (code === 'ENOSPC') return new CardumenError('disk-full', `No room for the registers of ${path}.`, { cause })
  return new CardumenError('state-unwritable', `${path} cannot be used for registers: ${message}`, { cause })
}

function newPath({ registers, folder = usualFolder() }: RegisterFileOptions): string {
  if (!Number.isInteger(registers) || registers < 1 || registers > registersMax) {
    throw new CardumenError('option-invalid', `A register file has 1 to ${registersMax} registers, not ${registers}.`)
  }
  return join(folder, `cardumen-registers-${process.pid}-${randomUUID()}`)
}

function usualFolder(): string {
  try {
    accessSync(memoryFolder, constants.W_OK)
    return memoryFolder
  } catch {
    return tmpdir()
  }
}
