/**
 * The bakery (Lamport, 1974): whoever comes in draws a number greater than all that it sees; the least is served.
 *
 *   L1: choosing[i] := 1                                           the doorway begins
 *       number[i] := 1 + maximum(number[1], …, number[N])          N reads, one write
 *       choosing[i] := 0                                           the doorway ends
 *       for j := 1 step 1 until N do
 *         L2: if choosing[j] ≠ 0 then goto L2
 *         L3: if number[j] ≠ 0 and (number[j], j) < (number[i], i) then goto L3
 *       critical section
 *       number[i] := 0
 *       noncritical section; goto L1
 *
 * Each register has one writer, and there is no counter that all share. Two customers may draw the same number: then
 * the identifier decides. No access has to be indivisible: a read that overlaps a write may give anything. Without
 * "choosing" (`bakeryWithoutChoosing`, broken) a customer that has looked but not yet written its number is not waited
 * for, and may come in later with the same number and the smaller identifier.
 */
import type { Access } from './messages.ts'
import type { Customer, Phase, Register, RegisterProgram } from './program.ts'

type At = 'outside' | 'choosing' | 'looking' | 'drawing' | 'chosen' | 'L2' | 'L3' | 'inside' | 'leaving'
type State = Customer<At>

const phases: Readonly<Record<At, Phase>> = {
  outside: 'outside',
  choosing: 'doorway',
  looking: 'doorway',
  drawing: 'doorway',
  chosen: 'doorway',
  L2: 'waiting',
  L3: 'waiting',
  inside: 'inside',
  leaving: 'leaving',
}

/** `choosing` comes first, then `number`, each with one element for each customer. */
export const bakery = bakeryProgram('bakery', true)
/** What popular accounts leave out. It keeps nobody apart. */
export const bakeryWithoutChoosing = bakeryProgram('bakery-without-choosing', false)

function bakeryProgram(name: string, hasChoosing: boolean): RegisterProgram<At> {
  return {
    name,
    customersMax: 1_024,
    isFirstComeFirstServed: true,
    isIndivisible: false,
    phases,
    registersOf,
    initialState: (self, customers) => ({ self, customers, at: 'outside', other: 0, number: 0 }),
    enter: (state) => {
      if (hasChoosing) state.at = 'choosing'
      else beginLooking(state)
    },
    leave: (state) => {
      state.at = 'leaving'
    },
    access,
    resume: (state, value) => resume(state, value, hasChoosing),
    withdraw: (state) => {
      state.at = 'leaving'
      return true
    },
    blockedBy: ({ other }) => other,
  }
}

function registersOf(customers: number): Register[] {
  const each = Array.from({ length: customers }, (_, index) => index + 1)
  return [
    ...each.map((owner) => ({ name: `choosing[${owner}]`, owner, valueMax: 1 })),
    ...each.map((owner) => ({ name: `number[${owner}]`, owner, valueMax: Number.POSITIVE_INFINITY })),
  ]
}

function access(state: State): Access | undefined {
  const { self, other } = state
  switch (state.at) {
    case 'choosing':
      return { kind: 'WRITE', register: choosing(self), value: 1 }
    case 'looking':
      return { kind: 'READ', register: number(state, other) }
    case 'drawing':
      return { kind: 'WRITE', register: number(state, self), value: state.number }
    case 'chosen':
      return { kind: 'WRITE', register: choosing(self), value: 0 }
    case 'L2':
      return { kind: 'READ', register: choosing(other) }
    case 'L3':
      return { kind: 'READ', register: number(state, other) }
    case 'leaving':
      return { kind: 'WRITE', register: number(state, self), value: 0 }
    case 'outside':
    case 'inside':
      return undefined
  }
}

function resume(state: State, value: number, hasChoosing: boolean): boolean {
  switch (state.at) {
    case 'choosing':
      return beginLooking(state)
    case 'looking':
      return onNumberSeen(state, value)
    case 'drawing':
      return hasChoosing ? goTo(state, 'chosen') : awaitCustomer(state, 1, hasChoosing)
    case 'chosen':
      return awaitCustomer(state, 1, hasChoosing)
    case 'L2':
      return value === 0 && goTo(state, 'L3')
    case 'L3':
      return !isBefore(value, state) && awaitCustomer(state, state.other + 1, hasChoosing)
    case 'leaving':
      state.number = 0
      state.other = 0
      return goTo(state, 'outside')
    case 'outside':
    case 'inside':
      return true
  }
}

function beginLooking(state: State): boolean {
  state.other = 1
  state.number = 0
  return goTo(state, 'looking')
}

function onNumberSeen(state: State, seen: number): boolean {
  state.number = Math.max(state.number, seen)
  if (state.other < state.customers) {
    state.other++
    return true
  }
  state.number++
  return goTo(state, 'drawing')
}

function awaitCustomer(state: State, other: number, hasChoosing: boolean): boolean {
  state.other = other
  if (other > state.customers) return goTo(state, 'inside')
  return goTo(state, hasChoosing ? 'L2' : 'L3')
}

/** Whether who has drawn `drawn` is served before this one: numbers first, then identifiers. */
function isBefore(drawn: number, { number: own, other, self }: State): boolean {
  if (drawn === 0) return false
  return drawn === own ? other < self : drawn < own
}

function goTo(state: State, at: At): boolean {
  state.at = at
  return true
}

function choosing(customer: number): number {
  return customer - 1
}

function number({ customers }: State, customer: number): number {
  return customers + customer - 1
}
