/**
 * Room on the disk, and what is kept of it for the worst case.
 *
 * Puts are refused while there is still a little free, so that leases can be renewed and keys deleted: a system on a full
 * disk shall refuse work, not fall apart. Where other programs have taken the last byte, the ballast goes overboard: a
 * file that is there for nothing else. It is taken aboard again when there is room.
 */
import { rmSync, statfsSync, writeFileSync } from 'node:fs'
import { ballastBytes, freeBytesReserved, freeShareReserved } from './bounds.ts'

export class Room {
  readonly #folder: string
  readonly #ballast: string
  #isBallastAboard = false

  constructor(folder: string, ballast: string) {
    this.#folder = folder
    this.#ballast = ballast
  }

  /** For puts. Without the ballast there must be room for it as well, else what it gave up would be used up at once. */
  isEnough(): boolean {
    const { free, total } = this.#space()
    const reserved = Math.min(freeBytesReserved, total * freeShareReserved)
    const ballast = Math.min(ballastBytes, total * freeShareReserved)
    if (this.#isBallastAboard) return free >= reserved
    if (free < reserved + ballast) return false
    this.#takeBallast(ballast)
    return true
  }

  isNone(): boolean {
    return this.#space().free === 0
  }

  /** False where it was not there any more, or could not be removed. */
  dropBallast(): boolean {
    const wasAboard = this.#isBallastAboard
    this.#isBallastAboard = false
    try {
      rmSync(this.#ballast, { force: true })
    } catch {
      return false
    }
    return wasAboard
  }

  #takeBallast(sizeBytes: number): void {
    this.#isBallastAboard = true
    try {
      writeFileSync(this.#ballast, new Uint8Array(sizeBytes), { flag: 'wx', mode: 0o600 })
    } catch {
      // Another process has taken it, or there was less room than it seemed.
    }
  }

  /** Some file systems do not tell, and a broken disk or a folder that is gone fails; what is written then says so itself. */
  #space(): { free: number; total: number } {
    try {
      const { bavail, bsize, blocks } = statfsSync(this.#folder)
      if (blocks > 0) return { free: bavail * bsize, total: blocks * bsize }
    } catch {
      // As if it did not tell.
    }
    return { free: Number.POSITIVE_INFINITY, total: Number.POSITIVE_INFINITY }
  }
}
