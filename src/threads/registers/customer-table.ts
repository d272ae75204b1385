/**
 * The memory of one lock: its registers, and who each customer is.
 *
 *   threads:   thread of each customer | registers of the program              words of a SharedArrayBuffer
 *   processes: namespace | process of each customer | registers of the program   8 bytes each, in a file
 *
 * Who a customer is serves no part of the algorithm. It tells two threads that took the same identifier, and it lets
 * whoever waits for a process find out that it is dead. The registers of a dead process then count as 0 (Lamport's
 * assumption): nobody writes them, since a write could come too late, when a next process has taken the identifier. The
 * order of reads makes that safe: first the value, then whose it is. A process takes an identifier before it writes
 * anything under it, so a value that was read before a dead process was still named is that process's. Taking one is no
 * part of the lock, and a file has no compare-and-set: two processes that take the same free identifier at the same
 * moment are not told.
 */
import { threadId } from 'node:worker_threads'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { afterDeath, type Register, type RegisterProgram } from '../../protocols/shared-memory/program.ts'
import { hiddenLife, isCertainlyDead, lifeNamespace, ownLife, pidOfLife } from './process-life.ts'
import { RegisterFile } from './register-file.ts'
import type { Registers } from './registers.ts'
import { SharedRegisters } from './shared-registers.ts'

export interface RegisterLockOptions {
  /** How many may take part, each with an identifier from 1 on. */
  readonly customers: number
  /**
   * For processes of this host, which share a file in memory instead of words: a new one, or one that is given, whose
   * registers are all 0 or already this lock's. Default: for threads of this process.
   */
  readonly processes?: boolean | RegisterFile
}

/** What a lock travels as: between threads both, to another process the one with a path. */
export type TableState =
  | { readonly customers: number; readonly buffer: SharedArrayBuffer }
  | { readonly customers: number; readonly path: string }

export class CustomerTable {
  readonly program: RegisterProgram
  readonly customers: number
  readonly layout: readonly Register[]
  readonly registers: Registers
  readonly #shared: SharedRegisters | undefined
  readonly #file: RegisterFile | undefined
  /** Place of the first customer's identity, and of the program's first register. */
  readonly #first: number
  readonly #base: number
  readonly #isFileOwn: boolean
  /** What this process is called in the file. */
  readonly #life: number
  /** Whether the processes in the file are ones that this process can look up. */
  readonly #canJudge: boolean
  /** Of each customer: the life of a process that is dead, as far as is known here. */
  readonly #dead = new Map<number, number>()

  /** @throws CardumenError `option-invalid` */
  constructor(program: RegisterProgram, source: RegisterLockOptions | TableState) {
    const { customers } = source
    assertCustomers(program, customers)
    this.program = program
    this.customers = customers
    this.layout = program.registersOf(customers)
    const given = 'processes' in source && typeof source.processes === 'object' ? source.processes : undefined
    const isForProcesses =
      'path' in source || given !== undefined || ('processes' in source && source.processes === true)
    this.#isFileOwn = given === undefined
    if (isForProcesses && program.isIndivisible) throw needsInstruction(program)
    this.#first = isForProcesses ? 1 : 0
    this.#base = this.#first + customers
    const count = this.#base + this.layout.length
    if (isForProcesses) this.#file = given ?? new RegisterFile('path' in source ? source : { registers: count })
    else this.#shared = new SharedRegisters('buffer' in source ? source.buffer : count)
    this.registers = this.#file ?? (this.#shared as SharedRegisters)
    if (this.registers.count < count) {
      throw new CardumenError(
        'memory-too-small',
        `${program.name} needs ${count} registers, not ${this.registers.count}.`,
      )
    }
    const namespace = isForProcesses ? lifeNamespace() : 0
    if (isForProcesses && this.registers.read(0) === 0) this.registers.write(0, namespace)
    this.#canJudge = namespace !== 0 && this.registers.read(0) === namespace
    // A process that others would look up in vain must not be taken for dead by them.
    this.#life = this.#canJudge ? ownLife() : hiddenLife()
  }

  get state(): TableState {
    const { customers } = this
    if (this.#file !== undefined) return { customers, path: this.#file.path }
    return { customers, buffer: (this.#shared as SharedRegisters).buffer }
  }

  /** The place of a register of the program. */
  placeOf(register: number): number {
    return this.#base + register
  }

  /** This thread, or this process, is that customer from here on. @throws CardumenError `option-invalid`, `not-owner` */
  claim(customer: number): void {
    this.#assertCustomer(customer)
    if (this.#shared !== undefined) {
      const other = this.#shared.claim(this.#first + customer - 1, threadId + 1)
      if (other !== 0) throw taken(customer, `thread ${other - 1}`)
      return
    }
    const [own, known] = [this.#life, this.#lifeOf(customer)]
    // Another thread of this process, or in another namespace a process of the same number.
    if (known === own) throw taken(customer, 'this process')
    if (known !== 0 && !this.#isDeadLife(known)) throw taken(customer, `process ${pidOfLife(known)}`)
    this.registers.write(this.#first + customer - 1, own)
    if (known !== 0) this.#clear(customer)
  }

  /** That customer is outside, and nobody is it any more. */
  unclaim(customer: number): void {
    this.registers.write(this.#first + customer - 1, 0)
  }

  /** See `reset` of the locks. @throws CardumenError `option-invalid`, `not-owner` */
  reset(customer: number): void {
    this.#assertCustomer(customer)
    const life = this.#file === undefined ? 0 : this.#lifeOf(customer)
    // Others find that out, and a write could come too late.
    if (life !== 0 && this.#isDeadLife(life)) return
    if (life !== 0 && life !== this.#life && this.#canJudge) throw taken(customer, `process ${pidOfLife(life)}`)
    this.#clear(customer)
    this.unclaim(customer)
  }

  /** What a register holds, or counts as where its owner is known to be dead. */
  read(register: number): number {
    const value = this.registers.read(this.#base + register)
    const owner = this.layout[register]?.owner
    if (value === 0 || owner === undefined || this.#dead.size === 0) return value
    const dead = this.#dead.get(owner)
    return dead !== undefined && this.#lifeOf(owner) === dead ? 0 : value
  }

  /** Looks whether `customer` is dead; then what the register counts as. Undefined: it is not, for all that is known. */
  readIfDead(register: number, customer: number): number | undefined {
    const layout = this.layout[register]
    if (!this.#canJudge || layout === undefined) return undefined
    const value = this.registers.read(this.#base + register)
    const life = this.#lifeOf(customer)
    if (!this.#isDeadLife(life)) return undefined
    this.#dead.set(customer, life)
    return afterDeath(layout, value, customer)
  }

  close(): void {
    if (this.#isFileOwn) this.#file?.close()
  }

  #clear(customer: number): void {
    this.layout.forEach((register, place) => {
      const value = this.registers.read(this.#base + place)
      const cleared = afterDeath(register, value, customer)
      if (cleared !== value) this.registers.write(this.#base + place, cleared)
    })
  }

  #lifeOf(customer: number): number {
    return this.registers.read(this.#first + customer - 1)
  }

  #isDeadLife(life: number): boolean {
    return this.#canJudge && isCertainlyDead(life)
  }

  #assertCustomer(customer: number): void {
    if (Number.isInteger(customer) && customer >= 1 && customer <= this.customers) return
    throw new CardumenError('option-invalid', `There is no customer ${customer}; they are 1 to ${this.customers}.`)
  }
}

function assertCustomers({ name, customersMax }: RegisterProgram, customers: number): void {
  if (Number.isInteger(customers) && customers >= 1 && customers <= customersMax) return
  throw new CardumenError('option-invalid', `${name} is for 1 to ${customersMax} customers, not ${customers}.`)
}

function needsInstruction({ name }: RegisterProgram): CardumenError {
  return new CardumenError(
    'option-invalid',
    `${name} needs an instruction that reads and writes at once, which processes that share a file do not have.`,
    { hint: 'Use a BakeryLock, which needs single reads and writes only.' },
  )
}

function taken(customer: number, by: string): CardumenError {
  return new CardumenError('not-owner', `Customer ${customer} of the lock is ${by}.`, {
    hint: 'Give each its own identifier; reset(identifier) frees that of a thread that is gone.',
  })
}
