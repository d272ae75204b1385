/**
 * Whether the process that holds a lease still lives, as the operating system says.
 *
 * A process is known by its number, the moment it started, the boot and the namespace of process numbers. On Linux its
 * `/proc/N/stat` is opened once and read again and again: the open file keeps meaning this process, even when another
 * one gets its number. A zombie and a process on its way out count as dead, a stopped one does not.
 * Where there is no such file only the number is asked for (signal 0), so a reused number keeps a lease until it runs out.
 */
import { closeSync, openSync, readFileSync, readlinkSync, readSync } from 'node:fs'

export interface Holder {
  readonly pid: number
  readonly startTime: string
  readonly pidNamespace: string
  readonly bootId: string
}

/** `unknowable`: of another namespace of process numbers; only time tells. */
export type Liveness = 'alive' | 'stopped' | 'dead' | 'unknowable'

const exitingFlag = 0x4 // PF_EXITING of the kernel's include/linux/sched.h
const statBytesMax = 1_024

export function ownHolder(): Holder {
  try {
    return {
      pid: process.pid,
      startTime: parseStat(readFileSync('/proc/self/stat', 'latin1')).startTime,
      pidNamespace: readlinkSync('/proc/self/ns/pid'),
      bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim(),
    }
  } catch {
    return { pid: process.pid, startTime: '', pidNamespace: '', bootId: '' }
  }
}

export function isSameHolder(left: Holder, right: Holder): boolean {
  return (
    left.pid === right.pid &&
    left.startTime === right.startTime &&
    left.pidNamespace === right.pidNamespace &&
    left.bootId === right.bootId
  )
}

/** Looks at one process for as long as it is of interest. */
export class HolderProbe {
  readonly holder: Holder
  readonly #own: Holder
  readonly #buffer = Buffer.alloc(statBytesMax)
  #handle: number | undefined
  #isDead = false

  constructor(holder: Holder, own: Holder) {
    this.holder = holder
    this.#own = own
  }

  /** Of this boot, and with a process number that means something here. */
  get isWithinSight(): boolean {
    return this.holder.bootId === this.#own.bootId && this.holder.pidNamespace === this.#own.pidNamespace
  }

  look(): Liveness {
    if (this.#isDead) return 'dead'
    if (this.holder.bootId !== this.#own.bootId) return this.#becomeDead()
    if (!this.isWithinSight) return 'unknowable'
    return this.holder.startTime === '' ? this.#lookBySignal() : this.#lookIntoProc()
  }

  close(): void {
    if (this.#handle !== undefined) closeSync(this.#handle)
    this.#handle = undefined
  }

  #lookIntoProc(): Liveness {
    try {
      this.#handle ??= openSync(`/proc/${this.holder.pid}/stat`, 'r')
      const length = readSync(this.#handle, this.#buffer, 0, statBytesMax, 0)
      const stat = parseStat(this.#buffer.toString('latin1', 0, length))
      if (stat.startTime !== this.holder.startTime || stat.isGone) return this.#becomeDead()
      return stat.isStopped ? 'stopped' : 'alive'
    } catch (error) {
      // The file may be hidden from this user although the process lives; its number is not.
      if (!isAbsent(error)) return 'unknowable'
      return this.#handle === undefined && this.#lookBySignal() === 'alive' ? 'unknowable' : this.#becomeDead()
    }
  }

  #lookBySignal(): Liveness {
    try {
      process.kill(this.holder.pid, 0)
      return 'alive'
    } catch (error) {
      return isAbsent(error) ? this.#becomeDead() : 'alive'
    }
  }

  #becomeDead(): Liveness {
    this.#isDead = true
    this.close()
    return 'dead'
  }
}

interface Stat {
  readonly isGone: boolean
  readonly isStopped: boolean
  readonly startTime: string
}

/** See proc(5). The name of the program stands in brackets and may hold brackets and blanks itself. */
function parseStat(text: string): Stat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const state = fields[0] ?? ''
  const flags = Number(fields[6])
  return {
    isGone: state === 'Z' || state === 'X' || state === 'x' || (flags & exitingFlag) !== 0,
    isStopped: state === 'T' || state === 't',
    startTime: fields[19] ?? '',
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')
}
