/**
 * One word and one indivisible instruction that sets it and says what was there: the lock that hardware suggests.
 *
 *   wait until test-and-set(lock) = 0
 *   critical section
 *   lock := 0
 *
 * Any number of customers, one register, no order: a customer may be overtaken for ever. The word does not say who set
 * it, so nobody can tell that its holder is dead.
 */
import type { Access } from './messages.ts'
import type { Customer, Phase, RegisterProgram } from './program.ts'

type At = 'outside' | 'testing' | 'inside' | 'leaving'
type State = Customer<At>

const phases: Readonly<Record<At, Phase>> = {
  outside: 'outside',
  testing: 'waiting',
  inside: 'inside',
  leaving: 'leaving',
}
const lock = 0

export const testAndSet: RegisterProgram<At> = {
  name: 'test-and-set',
  customersMax: 1_024,
  isFirstComeFirstServed: false,
  isIndivisible: true,
  phases,
  registersOf: () => [{ name: 'lock', owner: undefined, valueMax: 1 }],
  initialState: (self, customers) => ({ self, customers, at: 'outside', other: 0, number: 0 }),
  enter: (state) => {
    state.at = 'testing'
  },
  leave: (state) => {
    state.at = 'leaving'
  },
  access,
  resume,
  withdraw: (state) => {
    state.at = 'outside'
    return true
  },
  blockedBy: () => undefined,
}

function access({ at }: State): Access | undefined {
  switch (at) {
    case 'testing':
      return { kind: 'EXCHANGE', register: lock, value: 1 }
    case 'leaving':
      return { kind: 'WRITE', register: lock, value: 0 }
    case 'outside':
    case 'inside':
      return undefined
  }
}

function resume(state: State, value: number): boolean {
  switch (state.at) {
    case 'testing':
      if (value !== 0) return false
      state.at = 'inside'
      return true
    case 'leaving':
      state.at = 'outside'
      return true
    case 'outside':
    case 'inside':
      return true
  }
}
