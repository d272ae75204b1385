/**
 * The ticket lock (Reed and Kanodia, 1979, as sequencer and eventcount; named so by Mellor-Crummey and Scott, 1991).
 *
 *   number := next; next := next + 1      indivisible: no two customers draw the same
 *   wait until serving = number
 *   critical section
 *   serving := number + 1
 *
 * This is what people draw when they tell of the bakery: a machine at the door that gives each number once. It needs
 * that machine, an indivisible read-modify-write, which the bakery does without. Who has drawn cannot give up, and who
 * dies with a number stops everybody behind it. Numbers go round after 2^32, which equality does not mind.
 */
import type { Access } from './messages.ts'
import type { Customer, Phase, RegisterProgram } from './program.ts'

type At = 'outside' | 'drawing' | 'serving' | 'inside' | 'leaving'
type State = Customer<At>

const phases: Readonly<Record<At, Phase>> = {
  outside: 'outside',
  drawing: 'doorway',
  serving: 'waiting',
  inside: 'inside',
  leaving: 'leaving',
}
const next = 0
const serving = 1

export const ticket: RegisterProgram<At> = {
  name: 'ticket-lock',
  customersMax: 1_024,
  isFirstComeFirstServed: true,
  isIndivisible: true,
  phases,
  registersOf: () => [
    { name: 'next', owner: undefined, valueMax: Number.POSITIVE_INFINITY },
    { name: 'serving', owner: undefined, valueMax: Number.POSITIVE_INFINITY },
  ],
  initialState: (self, customers) => ({ self, customers, at: 'outside', other: 0, number: 0 }),
  enter: (state) => {
    state.at = 'drawing'
  },
  leave: (state) => {
    state.at = 'leaving'
  },
  access,
  resume,
  withdraw: () => false,
  blockedBy: () => undefined,
}

function access({ at, number }: State): Access | undefined {
  switch (at) {
    case 'drawing':
      return { kind: 'ADD', register: next, value: 1 }
    case 'serving':
      return { kind: 'READ', register: serving }
    case 'leaving':
      return { kind: 'WRITE', register: serving, value: (number + 1) | 0 }
    case 'outside':
    case 'inside':
      return undefined
  }
}

function resume(state: State, value: number): boolean {
  switch (state.at) {
    case 'drawing':
      state.number = value
      state.at = 'serving'
      return true
    case 'serving':
      if (value !== state.number) return false
      state.at = 'inside'
      return true
    case 'leaving':
      state.number = 0
      state.at = 'outside'
      return true
    case 'outside':
    case 'inside':
      return true
  }
}
