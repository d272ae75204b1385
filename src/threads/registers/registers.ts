/**
 * Real memory as a register program sees it: numbered registers that hold whole numbers, and begin as 0.
 *
 * A read and a write are one access each. Whether they are indivisible is the memory's business; the bakery needs no more
 * than that a read which overlaps no write gives what was written last.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'

export interface Registers {
  /** How many there are. */
  readonly count: number
  /** The greatest number that one can hold. */
  readonly valueMax: number
  read(register: number): number
  write(register: number, value: number): void
  /** Indivisible, and gives what was there; left out where the memory cannot. */
  exchange?(register: number, value: number): number
  /** Indivisible, and gives what was there; left out where the memory cannot. */
  add?(register: number, value: number): number
}

/** @throws CardumenError `out-of-bounds` */
export function assertRegister({ count }: Pick<Registers, 'count'>, register: number): void {
  if (Number.isInteger(register) && register >= 0 && register < count) return
  throw new CardumenError('out-of-bounds', `There is no register ${register}; they are 0 to ${count - 1}.`)
}
