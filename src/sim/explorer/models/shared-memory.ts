/**
 * Locks over shared memory, explored at the level of single reads and writes.
 *
 * Each customer is a member, and the memory is one more. A customer sends one access at a time, and what the memory
 * answers arrives at once: nobody else can notice when it does, so one thing that happens is one access. Being inside
 * lasts from the answer that lets a customer in to the call by which it leaves. With `safe` registers a write lasts, and
 * a read that overlaps it gives anything. A crash ends a customer anywhere; its registers are 0 some time later.
 */
import { type Address, address, incarnation, type MemberId, memberId, memberOf } from '../../../lib/identifiers.ts'
import { stepCustomer } from '../../../protocols/shared-memory/customer.ts'
import { initialMemory, inspectMemory, type Memory, stepMemory } from '../../../protocols/shared-memory/memory.ts'
import type { Call, Message, Outcome } from '../../../protocols/shared-memory/messages.ts'
import {
  type Customer,
  inspect,
  type Phase,
  phaseOf,
  type Register,
  type RegisterProgram,
} from '../../../protocols/shared-memory/program.ts'
import type { Bounds, ExplorationModel, PlannedCall } from '../exploration.ts'
import { membersNamed } from './members-named.ts'

export interface SharedMemoryOptions {
  readonly name: string
  readonly about: string
  readonly program: RegisterProgram
  readonly customers: number
  /** How often each customer wants in. */
  readonly entries: number
  readonly registers: Memory['kind']
  /** What a read that overlaps a write gives at most, in a register whose values have no end. */
  readonly anythingMax?: number
}

/** What is remembered of a run. The order of arrival only for programs that promise one. */
interface Visits {
  /** Of each customer: how often it still wants in after this time. */
  readonly further: number[]
  /** Past the doorway, and not yet inside. */
  readonly waiting: number[]
  /** Of each customer that has begun: who was waiting already, and is not inside yet. */
  readonly ahead: number[][]
  /** Who went in before whom, against the order. */
  readonly overtaken: string[]
}

export type SharedMemoryModel = ExplorationModel<Customer | Memory, Message, never, Call, Outcome, never, Visits>

const memoryName = memberId('memory')
const memoryAddress = address(memoryName, incarnation(1))

export function sharedMemoryModel(options: SharedMemoryOptions, bounds: Bounds): SharedMemoryModel {
  const { name, about, program, customers, entries, registers: kind } = options
  const names = membersNamed(customers)
  const registers = program.registersOf(customers)
  return {
    name,
    about,
    machine: machineOf(program),
    members: [...names, memoryName],
    bounds,
    draws: 'each',
    comesToRest: true,
    mortal: names,
    restarts: false,
    initialState: (self, live) => initialState(options, self, live),
    calls: names.map((member) => ({ member, call: { kind: 'enter' } })),
    history: { further: names.map(() => entries - 1), waiting: [], ahead: names.map(() => []), overtaken: [] },
    arrivesAtOnce: (message) => message.kind === 'VALUE',
    describe: (message) => textOf(message, registers),
    onOutcome: (visits, member, outcome) => {
      if (program.isFirstComeFirstServed) noteOrder(visits, outcome)
      return callsAfter(visits, outcome, memberOf(member))
    },
    onCrash: (visits, member) => {
      const customer = names.indexOf(memberOf(member)) + 1
      leaveQueue(visits, customer)
      return [{ member: memoryName, call: { kind: kind === 'safe' ? 'fail' : 'reset', customer } }]
    },
    invariant: ({ members, history }) => {
      const inside = members.filter(({ state }) => isIn(program, state, 'inside')).map((member) => member.name)
      return inside.length > 1 ? `${inside.join(' and ')} are inside at the same time` : history.value.overtaken[0]
    },
    atRest: ({ members }) => {
      const outside = members.filter(({ state }) => isMemory(state) || isIn(program, state, 'outside'))
      const stuck = members.filter((member) => member.state !== undefined && !outside.includes(member))
      return stuck.length === 0 ? undefined : `${stuck.map((member) => member.name).join(' and ')} never came out`
    },
  }
}

function machineOf(program: RegisterProgram): SharedMemoryModel['machine'] {
  return {
    name: program.name,
    step: (state, input, context, effects) => {
      if (isMemory(state)) stepMemory(state, input, context, effects)
      else stepCustomer(program, state, input, memoryAddress, effects)
    },
    inspect: (state) => (isMemory(state) ? inspectMemory(state) : inspect(program, state)),
  }
}

function initialState(options: SharedMemoryOptions, self: Address, live: readonly Address[]): Customer | Memory {
  const { program, customers, registers, anythingMax = 1 } = options
  const others = live.filter((each) => each !== memoryAddress)
  if (self === memoryAddress) {
    return initialMemory(self, others, program.registersOf(customers), registers, anythingMax)
  }
  return program.initialState(others.indexOf(self) + 1, customers)
}

function isMemory(state: Customer | Memory | undefined): state is Memory {
  return state !== undefined && 'values' in state
}

function isIn(program: RegisterProgram, state: Customer | Memory | undefined, phase: Phase): boolean {
  return state !== undefined && !isMemory(state) && phaseOf(program, state) === phase
}

function callsAfter({ further }: Visits, { kind, customer }: Outcome, member: MemberId): PlannedCall<Call>[] {
  if (kind === 'entered') return [{ member, call: { kind: 'leave' }, endsWithLife: true }]
  if (kind === 'failed') return [{ member: memoryName, call: { kind: 'reset', customer } }]
  const times = further[customer - 1] ?? 0
  if (kind !== 'left' || times === 0) return []
  further[customer - 1] = times - 1
  return [{ member, call: { kind: 'enter' }, endsWithLife: true }]
}

function noteOrder(visits: Visits, { kind, customer }: Outcome): void {
  const { waiting, ahead, overtaken } = visits
  if (kind === 'begun') ahead[customer - 1] = [...waiting]
  if (kind === 'waiting') {
    waiting.push(customer)
    waiting.sort((left, right) => left - right)
  }
  if (kind === 'left') leaveQueue(visits, customer)
  if (kind !== 'entered') return
  const [first] = ahead[customer - 1] ?? []
  if (first !== undefined) overtaken.push(`m${customer} is served before m${first}, which was waiting when it came`)
  leaveQueue(visits, customer)
}

/** It is inside, gave up, or is dead: nobody has to let it go first any more. */
function leaveQueue({ waiting, ahead }: Visits, customer: number): void {
  for (const queue of [waiting, ...ahead]) {
    const place = queue.indexOf(customer)
    if (place >= 0) queue.splice(place, 1)
  }
  ahead[customer - 1] = []
}

function textOf(message: Message, registers: readonly Register[]): string {
  if (message.kind === 'VALUE') return `VALUE ${message.value}`
  const name = registers[message.register]?.name ?? String(message.register)
  switch (message.kind) {
    case 'READ':
      return `READ ${name}`
    case 'WRITE':
      return `WRITE ${name} := ${message.value}`
    case 'EXCHANGE':
      return `EXCHANGE ${name} with ${message.value}`
    case 'ADD':
      return `ADD ${message.value} to ${name}`
    case 'SETTLE':
      return `the end of the write of ${name}`
  }
}
