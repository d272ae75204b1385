/**
 * Measured process: five whole members, and beside them how many turns of its event loop this machine makes.
 *
 * The members serve an echo with schemas, and calls go by name from members drawn by chance, one after another at a
 * rate of virtual time. Each event of a world has a turn of its own, so the bare turns are the floor. With guards is
 * what `simulate` runs; without them is what the command line runs of our own scenarios.
 */
import { z } from 'zod'
import { defineService } from '../../src/cardumen.ts'
import { defineScenario, type Report, type Scenario, simulate, type World } from '../../src/simulate.ts'
import { answer } from '../harness/answer.ts'
import { type Cost, costOf } from './cost.ts'
import { gatheredHeapBytes } from './heap.ts'

export interface MembersCost extends Cost {
  readonly virtualMs: number
  readonly events: number
}

export interface Hours {
  readonly hours: readonly number[]
  readonly callsPerSecond: number
}

export interface MembersWork {
  readonly virtualMs: number
  /** 0: idle. */
  readonly callsPerSecond: number
}

export interface Turns {
  /** How many are asked for at a time. */
  readonly atOnce: number
}

export type MembersMethods = typeof methods

const EchoService = defineService('bench.sim.echo', {
  say: { input: z.object({ n: z.number() }), output: z.object({ n: z.number() }) },
})
const MEMBERS = 5
const TURNS = 200_000
const HOUR_MS = 3_600_000

const methods = {
  members: async (work: MembersWork): Promise<MembersCost> => {
    const { ms, cpuMs, result } = await costOf(() => runOnce(scenarioOf(work.virtualMs, (world) => load(world, work))))
    return { ms, cpuMs, virtualMs: result.virtualMs, events: result.events }
  },
  guarded: async (work: MembersWork): Promise<MembersCost> => {
    const options = { ...optionsOf(work.virtualMs), seed: 1 }
    const { ms, cpuMs, result } = await costOf(() => simulate(options, (world) => load(world, work)))
    return { ms, cpuMs, virtualMs: result.virtualMs, events: result.events }
  },
  turns: async ({ atOnce }: Turns): Promise<Cost & { readonly turns: number }> => {
    const { ms, cpuMs } = await costOf(() => bareTurns(atOnce))
    return { ms, cpuMs, turns: TURNS }
  },
  /** Bytes of the heap, gathered, after each of so many virtual hours of one run. */
  heap: async ({ hours, callsPerSecond }: Hours): Promise<readonly number[]> => {
    const heapBytes: number[] = []
    const lastMs = (hours.at(-1) ?? 0) * HOUR_MS
    const scenario = scenarioOf(lastMs, async (world) => {
      for (const hour of hours) {
        await load(world, { virtualMs: hour * HOUR_MS, callsPerSecond })
        heapBytes.push(gatheredHeapBytes())
      }
    })
    await runOnce(scenario)
    return heapBytes
  },
}

function optionsOf(duration: number) {
  return {
    ...{ members: MEMBERS, duration },
    program: async (system: Parameters<NonNullable<Parameters<typeof simulate>[0]['program']>>[0]) => {
      await system.serve(EchoService, { say: ({ n }) => ({ n: n + 1 }) }, { name: 'echo' })
    },
  }
}

function scenarioOf(durationMs: number, director: (world: World) => Promise<void>): Scenario {
  return defineScenario(optionsOf(durationMs), director)
}

async function runOnce(scenario: Scenario): Promise<Report> {
  const plan = { seed: 1, members: MEMBERS, durationMs: scenario.durationMs, faults: [] }
  const report = await scenario.run(plan, { macrotask: (run) => void setImmediate(run) })
  const [violation] = report.violations
  if (violation !== undefined) throw new Error(`${violation.claim}: ${violation.text}`)
  return report
}

/** Until the virtual moment `virtualMs` of the run. */
async function load(world: World, { virtualMs, callsPerSecond }: MembersWork): Promise<void> {
  if (callsPerSecond === 0) return world.sleep(virtualMs - world.nowMs)
  while (world.nowMs < virtualMs) {
    const name = world.names[world.random.below(world.names.length)] ?? ''
    const { n } = await world.on(name, (system) => system.open(EchoService, 'echo').say({ n: 1 }))
    world.expect(n === 2, 'echo', `1 was answered with ${n}`)
    await world.sleep(1_000 / callsPerSecond)
  }
}

function bareTurns(atOnce: number): Promise<void> {
  return new Promise((resolve) => {
    let left = TURNS
    let asked = 0
    const turn = (): void => {
      if (--left === 0) resolve()
      if (--asked === 0 && left > 0) ask()
    }
    const ask = (): void => {
      for (asked = 0; asked < atOnce; asked++) setImmediate(turn)
    }
    ask()
  })
}

answer(methods, () => Promise.resolve())
