/**
 * The first correct solution for two customers (Dekker, as told by Dijkstra in 1965).
 *
 *   A: flag[i] := 1
 *   L: if flag[other] = 1 then
 *        if turn = i then goto L                  the other is to give way
 *        flag[i] := 0                             or this one does
 *        B: if turn = other then goto B
 *        goto A
 *   critical section
 *   turn := other
 *   flag[i] := 0
 *
 * `turn` decides only who insists when both want in; it is written inside alone. It keeps no order of arrival.
 * Who dies with the turn, or gives up with it, would leave the other standing by for ever, so it passes on with that too.
 * With reads that overlap a write giving anything, one may wait for ever (`cardumen explore dekker-overlapping`).
 */
import type { Access } from './messages.ts'
import { type Customer, otherOf, type Phase, type RegisterProgram } from './program.ts'

type At = 'outside' | 'raising' | 'flag' | 'turn' | 'lowering' | 'standing-by' | 'inside' | 'passing-on' | 'leaving'
type State = Customer<At>

const phases: Readonly<Record<At, Phase>> = {
  outside: 'outside',
  raising: 'doorway',
  flag: 'waiting',
  turn: 'waiting',
  lowering: 'waiting',
  'standing-by': 'waiting',
  inside: 'inside',
  'passing-on': 'leaving',
  leaving: 'leaving',
}
/** Holds 0 where it is customer 1's turn, as it is at the beginning, and 1 where it is customer 2's. */
const turn = 2

export const dekker: RegisterProgram<At> = {
  name: 'dekker',
  customersMax: 2,
  isFirstComeFirstServed: false,
  isIndivisible: false,
  phases,
  registersOf: () => [
    { name: 'flag[1]', owner: 1, valueMax: 1 },
    { name: 'flag[2]', owner: 2, valueMax: 1 },
    { name: 'turn', owner: undefined, valueMax: 1, whenDead: [1, 0] },
  ],
  initialState: (self, customers) => ({ self, customers, at: 'outside', other: 0, number: 0 }),
  enter: (state) => {
    state.at = 'raising'
  },
  leave: (state) => {
    state.at = 'passing-on'
  },
  access,
  resume,
  withdraw: (state) => {
    // It insisted: the other one stands by, or will, until the turn passes on.
    state.at = state.at === 'flag' ? 'passing-on' : 'leaving'
    return true
  },
  blockedBy: otherOf,
}

function access(state: State): Access | undefined {
  const { self } = state
  switch (state.at) {
    case 'raising':
      return { kind: 'WRITE', register: flag(self), value: 1 }
    case 'flag':
      return { kind: 'READ', register: flag(otherOf(state)) }
    case 'turn':
    case 'standing-by':
      return { kind: 'READ', register: turn }
    case 'passing-on':
      return { kind: 'WRITE', register: turn, value: otherOf(state) - 1 }
    case 'lowering':
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
      return goTo(state, 'flag')
    case 'flag':
      return goTo(state, value === 0 ? 'inside' : 'turn')
    case 'turn':
      if (value !== state.self - 1) return goTo(state, 'lowering')
      state.at = 'flag'
      return false
    case 'lowering':
      return goTo(state, 'standing-by')
    case 'standing-by':
      return value === state.self - 1 && goTo(state, 'raising')
    case 'passing-on':
      return goTo(state, 'leaving')
    case 'leaving':
      return goTo(state, 'outside')
    case 'outside':
    case 'inside':
      return true
  }
}

function goTo(state: State, at: At): boolean {
  state.at = at
  return true
}

function flag(customer: number): number {
  return customer - 1
}
