/**
 * Registers for the threads of one process: words of a SharedArrayBuffer.
 *
 * `Atomics.load` and `Atomics.store` are one read and one write in an order that all threads agree on. A plain read would not
 * do: the compiler may move it out of the loop that waits for it.
 */
import { assertRegister, type Registers } from './registers.ts'

export class SharedRegisters implements Registers {
  readonly count: number
  readonly valueMax = 2 ** 31 - 1
  readonly buffer: SharedArrayBuffer
  readonly #words: Int32Array<SharedArrayBuffer>

  constructor(source: number | SharedArrayBuffer) {
    this.buffer = typeof source === 'number' ? new SharedArrayBuffer(source * Int32Array.BYTES_PER_ELEMENT) : source
    this.#words = new Int32Array(this.buffer)
    this.count = this.#words.length
  }

  read(register: number): number {
    assertRegister(this, register)
    return Atomics.load(this.#words, register)
  }

  write(register: number, value: number): void {
    assertRegister(this, register)
    Atomics.store(this.#words, register, value)
  }

  exchange(register: number, value: number): number {
    assertRegister(this, register)
    return Atomics.exchange(this.#words, register, value)
  }

  add(register: number, value: number): number {
    assertRegister(this, register)
    return Atomics.add(this.#words, register, value)
  }

  /** Puts `value` there where 0 is, and gives what was there. */
  claim(register: number, value: number): number {
    assertRegister(this, register)
    return Atomics.compareExchange(this.#words, register, 0, value)
  }
}
