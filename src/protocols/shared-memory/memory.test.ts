/** The memory: what reads and writes give while a write lasts, and of a customer that failed. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { address, incarnation, instant, memberId } from '../../lib/identifiers.ts'
import { bakery } from './bakery.ts'
import { initialMemory, stepMemory } from './memory.ts'
import type { Access, Call, Message, Sink } from './messages.ts'
import { peterson } from './peterson.ts'
import type { RegisterProgram } from './program.ts'

const own = address(memberId('memory'), incarnation(1))
const customers = ['m1', 'm2'].map((name) => address(memberId(name), incarnation(1)))
const choosing = 0
const number = 2
const turn = 2

interface Asked {
  read(register: number): number | undefined
  write(customer: number, register: number, value: number): void
  /** The write of that customer ends. */
  settle(customer: number, register: number): void
  call(call: Call): void
}

/** Two customers, and a chance that always gives the greatest number that it may. */
function memoryOf(program: RegisterProgram, kind: 'atomic' | 'safe', anythingMax = 3): Asked {
  const memory = initialMemory(own, customers, program.registersOf(2), kind, anythingMax)
  const context = { now: instant(0), random: { next: () => 0, below: (bound: number) => bound - 1 } }
  let answer: number | undefined
  const none = (): void => undefined
  const send: Sink['send'] = (_to, message) => {
    if (message.kind === 'VALUE') answer = message.value
  }
  const effects: Sink = { send, setTimer: none, clearTimer: none, persist: none, outcome: none }
  const say = (from: typeof own | undefined, message: Message): void =>
    stepMemory(memory, { kind: 'message', from: from ?? own, message }, context, effects)
  const access = (customer: number, wanted: Access): void => say(customers[customer - 1], wanted)
  return {
    read: (register) => {
      answer = undefined
      access(2, { kind: 'READ', register })
      return answer
    },
    write: (customer, register, value) => access(customer, { kind: 'WRITE', register, value }),
    settle: (customer, register) => say(own, { kind: 'SETTLE', customer, register }),
    call: (call) => stepMemory(memory, { kind: 'call', call }, context, effects),
  }
}

it('a read that overlaps a write gives what nobody wrote, and one that does not, what was written last', () => {
  const memory = memoryOf(bakery, 'safe')
  memory.write(1, number, 1)
  assert.equal(memory.read(number), 3)
  assert.equal(memory.read(choosing), 0)
  memory.settle(1, number)
  assert.equal(memory.read(number), 1)
})

it('an overlapped read gives no more than the register can hold', () => {
  const memory = memoryOf(bakery, 'safe')
  memory.write(1, choosing, 0)
  assert.equal(memory.read(choosing), 1)
})

it('where no access overlaps another a write is over at once', () => {
  const memory = memoryOf(bakery, 'atomic')
  memory.write(1, number, 1)
  assert.equal(memory.read(number), 1)
})

it('anything remains of two writes of one register that overlap, whichever ends last', () => {
  for (const [first, last] of [
    [1, 2],
    [2, 1],
  ] as const) {
    const memory = memoryOf(peterson, 'safe')
    memory.write(1, turn, 0)
    memory.write(2, turn, 0)
    memory.settle(first, turn)
    assert.equal(memory.read(turn), 1)
    memory.settle(last, turn)
    assert.equal(memory.read(turn), 1)
  }
})

it('the registers of a customer that failed give anything, and 0 from its reset on; it writes no more', () => {
  const memory = memoryOf(bakery, 'safe')
  memory.write(1, number, 1)
  memory.call({ kind: 'fail', customer: 1 })
  assert.deepEqual([memory.read(number), memory.read(choosing), memory.read(number + 1)], [3, 1, 0])
  memory.settle(1, number)
  memory.call({ kind: 'reset', customer: 1 })
  assert.deepEqual([memory.read(number), memory.read(choosing)], [0, 0])
  memory.write(1, number, 1)
  assert.equal(memory.read(number), 0)
})
