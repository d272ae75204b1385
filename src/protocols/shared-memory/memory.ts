/**
 * The memory as a machine: it carries out one access at a time, and answers with the value.
 *
 * `atomic`: every access happens at once. `safe` (Lamport's weakest register, 1986): a write lasts until its SETTLE
 * arrives, and a read of that register meanwhile gives anything that the register can hold, also what nobody ever
 * wrote; where several write one register at a time, anything is what remains. A read happens at an instant: one that
 * lasts could give no more, since an instant of it in which a write was under way gives anything already.
 * A customer that failed writes no more; its registers give anything, and 0 from its `reset` on (Lamport's assumption).
 */
import type { Address } from '../../lib/identifiers.ts'
import type { Context, Input } from '../../lib/machine.ts'
import type { Access, Call, Message, Sink } from './messages.ts'
import { afterDeath, type Register } from './program.ts'

export interface Memory {
  readonly self: Address
  readonly registers: readonly Register[]
  readonly kind: 'atomic' | 'safe'
  /** Beyond what a register can hold at most, where that has no end: what an overlapped read may give at most. */
  readonly anythingMax: number
  /** Of each customer, from the first on. */
  readonly customers: readonly Address[]
  readonly values: number[]
  /** Writes that have begun. */
  readonly settling: Settling[]
  /** Customers that died and whose registers are not 0 yet. */
  readonly failed: number[]
  /** Customers that died and whose registers are 0 for good. */
  readonly over: number[]
}

interface Settling {
  readonly customer: number
  readonly register: number
  readonly value: number
  /** Another write of the same register was under way at some time during this one. */
  isMixed: boolean
}

type MemoryInput = Input<Message, never, Call>

export function initialMemory(
  self: Address,
  customers: readonly Address[],
  registers: readonly Register[],
  kind: Memory['kind'],
  anythingMax: number,
): Memory {
  const values = registers.map(() => 0)
  return { self, registers, kind, anythingMax, customers, values, settling: [], failed: [], over: [] }
}

export function stepMemory(memory: Memory, input: MemoryInput, context: Context, effects: Sink): void {
  if (input.kind === 'call') return onCall(memory, input.call, effects)
  if (input.kind !== 'message') return
  const { from, message } = input
  if (message.kind === 'SETTLE') return onSettle(memory, message.customer, message.register, context, effects)
  const customer = memory.customers.indexOf(from) + 1
  if (message.kind === 'VALUE' || isDead(memory, customer)) return
  if (message.kind === 'WRITE' && memory.kind === 'safe') return beginWrite(memory, customer, message, effects)
  effects.send(from, { kind: 'VALUE', value: perform(memory, message, context) })
}

export function inspectMemory({ registers, values }: Memory): string {
  return registers.map(({ name }, place) => `${name} = ${values[place] ?? 0}`).join(', ')
}

function perform(memory: Memory, access: Access, context: Context): number {
  const { register } = access
  const value = read(memory, register, context)
  if (access.kind === 'WRITE' || access.kind === 'EXCHANGE') memory.values[register] = access.value
  if (access.kind === 'ADD') memory.values[register] = value + access.value
  return value
}

function read(memory: Memory, register: number, context: Context): number {
  const { owner = 0 } = memory.registers[register] ?? {}
  const isUnsettled = memory.settling.some((write) => write.register === register) || memory.failed.includes(owner)
  return isUnsettled ? anything(memory, register, context) : (memory.values[register] ?? 0)
}

function anything({ registers, anythingMax }: Memory, register: number, context: Context): number {
  const { valueMax = 0 } = registers[register] ?? {}
  return context.random.below(Math.min(valueMax, anythingMax) + 1)
}

function beginWrite(
  { self, settling }: Memory,
  customer: number,
  { register, value }: Extract<Access, { readonly kind: 'WRITE' }>,
  effects: Sink,
): void {
  const others = settling.filter((write) => write.register === register)
  for (const other of others) other.isMixed = true
  settling.push({ customer, register, value, isMixed: others.length > 0 })
  // So that states differ by what is being written, not by who began first.
  settling.sort((left, right) => left.customer - right.customer)
  effects.send(self, { kind: 'SETTLE', customer, register })
}

function onSettle(memory: Memory, customer: number, register: number, context: Context, effects: Sink): void {
  const place = memory.settling.findIndex((write) => write.customer === customer && write.register === register)
  const [write] = place < 0 ? [] : memory.settling.splice(place, 1)
  const address = memory.customers[customer - 1]
  if (write === undefined || address === undefined) return
  memory.values[register] = write.isMixed ? anything(memory, register, context) : write.value
  effects.send(address, { kind: 'VALUE', value: 0 })
}

function onCall(memory: Memory, call: Call, effects: Sink): void {
  if (call.kind === 'fail') {
    endWrites(memory, call.customer)
    memory.failed.push(call.customer)
    memory.failed.sort((left, right) => left - right)
    effects.outcome({ kind: 'failed', customer: call.customer })
  }
  if (call.kind === 'reset') {
    endWrites(memory, call.customer)
    if (memory.failed.includes(call.customer)) memory.failed.splice(memory.failed.indexOf(call.customer), 1)
    memory.over.push(call.customer)
    memory.over.sort((left, right) => left - right)
    memory.registers.forEach((register, place) => {
      memory.values[place] = afterDeath(register, memory.values[place] ?? 0, call.customer)
    })
  }
}

/** What it was writing to a register of its own is lost, or was written; `fail` and `reset` say what remains. */
function endWrites({ settling }: Memory, customer: number): void {
  const others = settling.filter((write) => write.customer !== customer)
  settling.splice(0, settling.length, ...others)
}

function isDead({ failed, over }: Memory, customer: number): boolean {
  return failed.includes(customer) || over.includes(customer)
}
