/**
 * A register program: what one customer of a lock does, cut into single accesses to memory.
 *
 * It is a machine with one question, "which access is next?" (`access`), and one input, the value that it gave
 * (`resume`). Between two accesses everything that it knows is in a plain `Customer`, so it can be cloned, hashed and
 * searched; explorer and drivers on real memory run the same one. Customers are numbered from 1, as published.
 * Registers all begin as 0. Programs hold no memory and wait for nothing: whether to spin or to sleep is the driver's.
 */
import type { Access } from './messages.ts'

/** `doorway`: the first part of entering, which ends after a fixed number of accesses whatever the others do. */
export type Phase = 'outside' | 'doorway' | 'waiting' | 'inside' | 'leaving'

/** All that one customer remembers of its own. */
export interface Customer<At extends string = string> {
  /** From 1. */
  readonly self: number
  readonly customers: number
  /** Where in the program it is. */
  at: At
  /** The customer that it looks at, in a loop over all. */
  other: number
  /** The number that it has drawn, or the greatest that it has seen so far. */
  number: number
}

export interface Register {
  /** As in the publication: "choosing[1]". */
  readonly name: string
  /** The one customer that writes it; undefined: all do. */
  readonly owner: number | undefined
  /** What its values are from 0 on; Infinity: as high as it gets. */
  readonly valueMax: number
  /** Of each customer, from the first on: what it counts as once that one is dead, where it is not that one's own. */
  readonly whenDead?: readonly number[]
}

export interface RegisterProgram<At extends string = string> {
  readonly name: string
  readonly customersMax: number
  /** Whether who is past the doorway before another begins is inside before that one. */
  readonly isFirstComeFirstServed: boolean
  /** Whether it needs EXCHANGE or ADD, which a file does not have. */
  readonly isIndivisible: boolean
  /** In which phase a customer is, by where it is in the program. */
  readonly phases: Readonly<Record<At, Phase>>
  registersOf(customers: number): readonly Register[]
  initialState(self: number, customers: number): Customer<At>
  /** Of a customer that is outside. */
  enter(state: Customer<At>): void
  /** Of a customer that is inside. */
  leave(state: Customer<At>): void
  /** The next access; undefined outside and inside, where it is the driver's turn. */
  access(state: Customer<At>): Access | undefined
  /** That access gave `value` (a write: anything). False: it is to look again, so the driver may rest before. */
  resume(state: Customer<At>, value: number): boolean
  /** After a `resume` that gave false: it leaves without having been inside. False: it cannot. */
  withdraw(state: Customer<At>): boolean
  /** Whose registers keep it waiting; undefined: it does not know. */
  blockedBy(state: Customer<At>): number | undefined
}

/** What a register that holds `value` counts as once the customer `dead` is: its own ones are 0. */
export function afterDeath({ owner, whenDead }: Register, value: number, dead: number): number {
  return owner === dead ? 0 : (whenDead?.[dead - 1] ?? value)
}

export function phaseOf(program: RegisterProgram, state: Customer): Phase {
  const phase = program.phases[state.at]
  if (phase === undefined) throw new Error(`${program.name} has no place "${state.at}"`)
  return phase
}

/** A short text of the state, for people. */
export function inspect(program: RegisterProgram, state: Customer): string {
  const { self, at, other, number } = state
  return `customer ${self}: ${phaseOf(program, state)}, at ${at} of ${program.name}, other ${other}, number ${number}`
}

/** The others of two customers. */
export function otherOf({ self }: Customer): number {
  return 3 - self
}
