/**
 * One customer of a lock: it carries the program's accesses out on real memory, and rests between two looks.
 *
 * The program is the one that the explorer searches; nothing is decided here. One customer is one party: a second task of
 * the same thread needs an identifier of its own. Its waits stand in no table: `thread.interrupt()` does not end them, the
 * deadlock detector and `cardumen threads` do not see them, and that a thread died inside is not noticed.
 */
import { isMainThread } from 'node:worker_threads'
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { Access } from '../../protocols/shared-memory/messages.ts'
import { type Customer, type Phase, phaseOf } from '../../protocols/shared-memory/program.ts'
import { type AsyncWaitOptions, deadlineOf, type WaitOptions } from '../waiting/wait-options.ts'
import { restAwaiting, restBlocking } from './busy-waiting.ts'
import type { CustomerTable } from './customer-table.ts'

export interface CustomerOptions {
  /** Called at each change of phase, from within acquire and release: to watch the algorithm at work. It must not throw. */
  readonly onPhase?: (phase: Phase) => void
}

/** Of so many rests one looks whether whoever is waited for is alive: that costs as much as several looks. */
const restsPerQuestion = 8

export class LockCustomer {
  readonly identifier: number
  readonly #table: CustomerTable
  readonly #onPhase: CustomerOptions['onPhase']
  readonly #guard: Disposable = { [Symbol.dispose]: () => this.release() }
  #state: Customer
  #phase: Phase = 'outside'

  constructor(table: CustomerTable, identifier: number, { onPhase }: CustomerOptions = {}) {
    table.claim(identifier)
    this.#table = table
    this.identifier = identifier
    this.#onPhase = onPhase
    this.#state = table.program.initialState(identifier, table.customers)
  }

  /** Whether it holds the lock. */
  get isInside(): boolean {
    return phaseOf(this.#table.program, this.#state) === 'inside'
  }

  /**
   * Blocks this thread until the customer is inside. Only `timeoutMs` ends it sooner; `thread.interrupt()` does not.
   * @throws CardumenError `would-block`, `timed-out`, `deadlock` (it is inside or entering already), `capacity-reached` (the
   * bakery was never empty for so long that its numbers do not fit), `option-invalid`, `closed`
   */
  acquire(options?: WaitOptions): void {
    if (isMainThread) throw wouldBlock()
    const deadline = this.#begin(options)
    let rests = 0
    for (let looks = 0; !this.#run(); looks++) {
      if (deadline !== Infinity && performance.now() >= deadline) throw this.#givenUp('timed-out', options)
      if (restBlocking(looks, deadline) && rests++ % restsPerQuestion === 0) this.#passTheDead()
    }
  }

  /** As `acquire`, for what may not block. An abort is noticed at the next look, some milliseconds later. */
  async acquireAsync(options?: AsyncWaitOptions): Promise<void> {
    const signal = options?.signal
    if (isAborted(signal)) throw cancelled(signal)
    const deadline = this.#begin(options)
    let rests = 0
    for (let looks = 0; !this.#run(); looks++) {
      if (isAborted(signal)) throw this.#givenUp('cancelled', options)
      if (deadline !== Infinity && performance.now() >= deadline) throw this.#givenUp('timed-out', options)
      if ((await restAwaiting(looks, deadline)) && rests++ % restsPerQuestion === 0) this.#passTheDead()
    }
  }

  /** Enters if nobody has to be waited for. @throws CardumenError as `acquire`; `option-invalid` for a ticket lock */
  tryAcquire(): boolean {
    this.#begin({ timeoutMs: 0 })
    if (this.#run()) return true
    this.#withdraw()
    return false
  }

  /** @throws CardumenError `not-owner`: this customer is not inside */
  release(): void {
    if (!this.isInside) throw new CardumenError('not-owner', `Customer ${this.identifier} does not hold the lock.`)
    this.#table.program.leave(this.#state)
    this.#run()
  }

  /** `using held = customer.hold()`: released at the end of the block. */
  hold(options?: WaitOptions): Disposable {
    this.acquire(options)
    return this.#guard
  }

  async holdAsync(options?: AsyncWaitOptions): Promise<Disposable> {
    await this.acquireAsync(options)
    return this.#guard
  }

  /** Gives the identifier back, for another thread to take. @throws CardumenError `thread-state`: it is not outside */
  close(): void {
    if (this.#state.at !== 'outside') {
      throw new CardumenError('thread-state', `Customer ${this.identifier} holds the lock, or is about to.`)
    }
    this.#table.unclaim(this.identifier)
  }

  #begin(options: WaitOptions | undefined): number {
    const deadline = deadlineOf(options)
    const { program } = this.#table
    if (this.#state.at !== 'outside') throw enteredTwice(this.identifier, this.isInside)
    const mayGiveUp = options !== undefined && (deadline !== Infinity || 'signal' in options)
    if (mayGiveUp && !program.withdraw(program.initialState(1, 1))) throw cannotGiveUp(program.name)
    program.enter(this.#state)
    return deadline
  }

  /** True: it is inside, or outside. False: it is to look again. */
  #run(): boolean {
    const { program } = this.#table
    for (let access = program.access(this.#state); access !== undefined; access = program.access(this.#state)) {
      if (this.#onPhase !== undefined) this.#tellPhase()
      if (!program.resume(this.#state, this.#perform(access))) return false
    }
    if (this.#onPhase !== undefined) this.#tellPhase()
    return true
  }

  #perform(access: Access): number {
    const { registers } = this.#table
    if (access.kind === 'READ') return this.#table.read(access.register)
    const { register, value } = access
    const place = this.#table.placeOf(register)
    if (access.kind === 'ADD') return registers.add?.(place, value) ?? 0
    if (access.kind === 'EXCHANGE') return registers.exchange?.(place, value) ?? 0
    if (value > registers.valueMax) throw this.#numberTooHigh()
    registers.write(place, value)
    return 0
  }

  /** Whoever is waited for may be a process that is dead: then its register counts as 0. */
  #passTheDead(): void {
    const { program } = this.#table
    const blocker = program.blockedBy(this.#state)
    const access = program.access(this.#state)
    if (blocker === undefined || access?.kind !== 'READ') return
    const value = this.#table.readIfDead(access.register, blocker)
    if (value !== undefined) program.resume(this.#state, value)
  }

  #withdraw(): void {
    this.#table.program.withdraw(this.#state)
    this.#run()
  }

  #givenUp(code: 'timed-out' | 'cancelled', options: AsyncWaitOptions | undefined): CardumenError {
    this.#withdraw()
    if (code === 'cancelled') return cancelled(options?.signal)
    return new CardumenError(code, `Customer ${this.identifier} waited ${options?.timeoutMs} ms for the lock.`)
  }

  /** It fails in Lamport's sense, which a customer may anywhere: its registers are 0, and it is outside. */
  #numberTooHigh(): CardumenError {
    const { layout, registers, program, customers } = this.#table
    layout.forEach(({ owner }, place) => {
      if (owner === this.identifier) registers.write(this.#table.placeOf(place), 0)
    })
    this.#state = program.initialState(this.identifier, customers)
    return new CardumenError('capacity-reached', `The bakery has not been empty for ${registers.valueMax} numbers.`)
  }

  #tellPhase(): void {
    const phase = phaseOf(this.#table.program, this.#state)
    if (phase === this.#phase) return
    this.#phase = phase
    this.#onPhase?.(phase)
  }
}

/** It changes while one awaits, which the compiler does not see. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}

function wouldBlock(): CardumenError {
  return new CardumenError('would-block', 'To acquire this lock would block the main thread of the process.', {
    hint: 'Use "await customer.acquireAsync()", or do it in a Thread.',
  })
}

function enteredTwice(identifier: number, isInside: boolean): CardumenError {
  const text = isInside ? 'holds the lock already, and would wait for itself' : 'is entering already'
  return new CardumenError('deadlock', `Customer ${identifier} ${text}.`, {
    hint: 'A customer is one party: give each thread or task an identifier of its own.',
  })
}

function cannotGiveUp(program: string): CardumenError {
  return new CardumenError('option-invalid', `A customer of a ${program} cannot give up: its number would be called.`, {
    hint: 'Leave timeoutMs and signal out, or use a BakeryLock.',
  })
}

function cancelled(signal: AbortSignal | undefined): CardumenError {
  return new CardumenError('cancelled', 'The wait for the lock was cancelled.', { cause: signal?.reason })
}
