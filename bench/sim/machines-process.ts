/**
 * Measured process: worlds of machines alone, one that counts and one that calls.
 *
 * The counter shows what the world itself costs for each event and each message: members hand a number round. The
 * caller does what protocols do: it keeps what it asked for in a map, sets a timer for each question, clears it at the
 * answer, and draws. Both run on the network that every world has by default, with a digest and without a trace.
 */
import { type Address, type Machine, MachineWorld } from '../../src/simulate.ts'
import { answer } from '../harness/answer.ts'
import { type Cost, costOf } from './cost.ts'

export interface MachineCost extends Cost {
  readonly events: number
  readonly delivered: number
}

export interface Workload {
  /** As many messages, or calls, are made in all. */
  readonly count: number
}

export type MachinesMethods = typeof methods

const NAMES = ['m1', 'm2', 'm3', 'm4', 'm5'] as const
const IN_FLIGHT_EACH = 4
const TIMEOUT_MS = 200
/** Virtual; whatever is left to do is done long before. */
const FAR_MS = 1e9

const methods = {
  counters: ({ count }: Workload): Promise<MachineCost> => measured(new Counters(count).world),
  callers: ({ count }: Workload): Promise<MachineCost> => measured(new Callers(count).world),
}

async function measured(
  world: Pick<MachineWorld<never, never, never, never, never>, 'run' | 'counts'>,
): Promise<MachineCost> {
  const { ms, cpuMs } = await costOf(() => world.run(FAR_MS))
  const { events, delivered } = world.counts
  return { ms, cpuMs, events, delivered }
}

interface Count {
  seen: number
}

/** Numbers that travel round the members until they are used up. */
class Counters {
  readonly world: MachineWorld<Count, number, never, number, never>

  constructor(count: number) {
    const lives: Address[] = []
    const machine: Machine<Count, number, never, number, never> = {
      name: 'counter',
      step: (state, input, context, effects) => {
        state.seen++
        const left = input.kind === 'message' ? input.message : input.kind === 'call' ? input.call : 0
        const to = lives[context.random.below(lives.length)]
        if (left > 0 && to !== undefined) effects.send(to, left - 1)
      },
      inspect: (state) => String(state.seen),
    }
    this.world = new MachineWorld({
      ...{ machine, seed: 1, names: NAMES },
      initial: () => ({ seen: 0 }),
      onOutcome: () => undefined,
    })
    for (const name of NAMES) lives.push(this.world.start(name))
    const each = Math.ceil(count / (NAMES.length * IN_FLIGHT_EACH))
    for (const life of lives) for (let lane = 0; lane < IN_FLIGHT_EACH; lane++) this.world.submit(life, each)
  }
}

type Packet = { readonly kind: 'ask' | 'tell'; readonly number: number }
type Retry = { readonly kind: 'retry'; readonly number: number }
type Outcome = { readonly kind: 'answered'; readonly number: number }

interface Caller {
  asked: number
  readonly open: Map<number, Address>
}

/** Questions and answers, each question watched by a timer and put again when it fires. */
class Callers {
  readonly world: MachineWorld<Caller, Packet, Retry, Address, Outcome>

  constructor(count: number) {
    const lives: Address[] = []
    let left = count
    const machine: Machine<Caller, Packet, Retry, Address, Outcome> = {
      name: 'caller',
      step: (state, input, _context, effects) => {
        switch (input.kind) {
          case 'call': {
            const number = ++state.asked
            state.open.set(number, input.call)
            effects.send(input.call, { kind: 'ask', number })
            return effects.setTimer({ kind: 'retry', number }, TIMEOUT_MS)
          }
          case 'message': {
            const { kind, number } = input.message
            if (kind === 'ask') return effects.send(input.from, { kind: 'tell', number })
            if (!state.open.delete(number)) return
            effects.clearTimer({ kind: 'retry', number })
            return effects.outcome({ kind: 'answered', number })
          }
          case 'timer': {
            const { number } = input.timer
            const to = state.open.get(number)
            if (to === undefined) return
            effects.send(to, { kind: 'ask', number })
            return effects.setTimer(input.timer, TIMEOUT_MS)
          }
          default:
            return // It keeps nothing on disk.
        }
      },
      inspect: (state) => `${state.open.size} open`,
    }
    this.world = new MachineWorld({
      ...{ machine, seed: 1, names: NAMES },
      initial: () => ({ asked: 0, open: new Map() }),
      onOutcome: (member) => {
        if (--left > 0) this.world.after(0, () => this.#ask(member, lives))
      },
    })
    for (const name of NAMES) lives.push(this.world.start(name))
    for (const life of lives) for (let lane = 0; lane < IN_FLIGHT_EACH; lane++) this.#ask(life, lives)
  }

  #ask(from: Address, lives: readonly Address[]): void {
    const to = lives[this.world.random.below(lives.length)]
    if (to !== undefined) this.world.submit(from, to)
  }
}

answer(methods, () => Promise.resolve())
