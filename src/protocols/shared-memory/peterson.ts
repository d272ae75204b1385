/**
 * Two customers, each with a flag, and a word that says who came last (Peterson, 1981).
 *
 *   flag[i] := 1
 *   turn := i                                    I came last
 *   wait until flag[other] = 0 or turn ≠ i       …unless the other came after me
 *   critical section
 *   flag[i] := 0
 *
 * The shortest that is known for two. `turn` is written by both, and no access may overlap another: with reads that
 * overlap a write giving anything, both get inside (`cardumen explore peterson-overlapping`).
 */
import type { Access } from './messages.ts'
import { type Customer, otherOf, type Phase, type RegisterProgram } from './program.ts'

type At = 'outside' | 'raising' | 'yielding' | 'flag' | 'turn' | 'inside' | 'leaving'
type State = Customer<At>

const phases: Readonly<Record<At, Phase>> = {
  outside: 'outside',
  raising: 'doorway',
  yielding: 'doorway',
  flag: 'waiting',
  turn: 'waiting',
  inside: 'inside',
  leaving: 'leaving',
}
/** Holds 0 where customer 1 came last, and 1 where customer 2 did. */
const turn = 2

export const peterson: RegisterProgram<At> = {
  name: 'peterson',
  customersMax: 2,
  isFirstComeFirstServed: true,
  isIndivisible: false,
  phases,
  registersOf: () => [
    { name: 'flag[1]', owner: 1, valueMax: 1 },
    { name: 'flag[2]', owner: 2, valueMax: 1 },
    { name: 'turn', owner: undefined, valueMax: 1 },
  ],
  initialState: (self, customers) => ({ self, customers, at: 'outside', other: 0, number: 0 }),
  enter: (state) => {
    state.at = 'raising'
  },
  leave: (state) => {
    state.at = 'leaving'
  },
  access,
  resume,
  withdraw: (state) => {
    state.at = 'leaving'
    return true
  },
  blockedBy: otherOf,
}

function access(state: State): Access | undefined {
  const { self } = state
  switch (state.at) {
    case 'raising':
      return { kind: 'WRITE', register: flag(self), value: 1 }
    case 'yielding':
      return { kind: 'WRITE', register: turn, value: self - 1 }
    case 'flag':
      return { kind: 'READ', register: flag(otherOf(state)) }
    case 'turn':
      return { kind: 'READ', register: turn }
    case 'leaving':
      return { kind: 'WRITE', register: flag(self), value: 0 }
    case 'outside':
    case 'inside':
      return undefined
  }
}

function resume(state: State, value: number): boolean {
  switch (state.at) {
    case 'raising':
      state.at = 'yielding'
      return true
    case 'yielding':
      state.at = 'flag'
      return true
    case 'flag':
      state.at = value === 0 ? 'inside' : 'turn'
      return true
    case 'turn':
      state.at = value === state.self - 1 ? 'flag' : 'inside'
      return state.at === 'inside'
    case 'leaving':
      state.at = 'outside'
      return true
    case 'outside':
    case 'inside':
      return true
  }
}

function flag(customer: number): number {
  return customer - 1
}
