/**
 * The public face of the simulator: a test runs its distributed program in a world that a seed decides.
 *
 * `simulate` runs a system of virtual members, each with an ordinary `System`, and rejects when a claim about it is
 * broken, with the smallest run that breaks it and the command that repeats it. It works in any test runner. The
 * checkers are exported for histories of any origin, the explorer and a smaller world for protocols written as
 * machines. Nothing here starts a process, opens a socket or waits in real time; while a simulation runs, its programs
 * are refused the real world by name.
 */
import { relative } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { CardumenError } from './lib/cardumen-error.ts'
import { counter } from './sim/checkers/models/counter.ts'
import { kv } from './sim/checkers/models/kv.ts'
import { lock } from './sim/checkers/models/lock.ts'
import type { Model, ModelName } from './sim/checkers/models/model.ts'
import { fifo, queue } from './sim/checkers/models/queue.ts'
import { register } from './sim/checkers/models/register.ts'
import { type Fault, faultsMax } from './sim/faults/fault.ts'
import { memberScenario, type MemberScenarioOptions } from './sim/members/member-scenario.ts'
import type { Director } from './sim/members/world.ts'
import type { Scenario } from './sim/scenario.ts'
import { runSeeds, type Totals } from './sim/search/seeds.ts'
import { shellWord, tellFailedRun } from './simulation/failed-run.ts'
import { installGuards } from './simulation/guards/guards.ts'
import { nodeSurroundings } from './simulation/surroundings.ts'

export interface SimulateOptions extends Omit<MemberScenarioOptions, 'name' | 'durationMs'> {
  /** How messages and files call it; default `simulation`. */
  readonly name?: string
  /** The first seed; default 1. The environment's CARDUMEN_SEED comes before it, and runs that seed alone. */
  readonly seed?: number
  /** How many seeds, one after the other; default 1. */
  readonly seeds?: number
  /** Virtual milliseconds of work and faults; default 10,000. */
  readonly duration?: number
  /** A script, or `swarm`: drawn from each seed. Default `none`. */
  readonly faults?: 'none' | 'swarm' | Iterable<Fault>
  /** Whether a failing run is made smaller first; default true. */
  readonly shrink?: boolean
  /** Where the trace of a failing run is saved; default: in the state folder. */
  readonly traceFile?: string
}

/**
 * Runs the program over one seed or many, in virtual time.
 * @throws CardumenError `simulation-failed` for the first seed that breaks a claim, `simulation-stuck` where it waits
 * for ever; `option-invalid`.
 */
export async function simulate(options: SimulateOptions, director: Director): Promise<Totals> {
  const scenario = defineScenario(options, director)
  const replay = replayCommand()
  const chosen = seedFromEnvironment()
  const first = chosen ?? options.seed ?? 1
  const count = chosen === undefined ? (options.seeds ?? 1) : 1
  const faults = listed(options.faults ?? 'none')
  using guards = installGuards()
  const surroundings = nodeSurroundings(guards)
  const { totals, failure } = await runSeeds(scenario, { first, count, faults }, surroundings)
  if (failure === undefined) return totals
  const { text, report } = await tellFailedRun({
    ...{ scenario, failure, surroundings, module: undefined, traceFile: options.traceFile },
    ...{ replay: `CARDUMEN_SEED=${failure.plan.seed} ${replay}`, isShrunk: options.shrink !== false },
  })
  throw new CardumenError(report.violations[0]?.claim === 'stuck' ? 'simulation-stuck' : 'simulation-failed', text)
}

/** Every seed reads the script anew, and a generator gives it once. One without end is refused with the plan. */
function listed(faults: NonNullable<SimulateOptions['faults']>): NonNullable<SimulateOptions['faults']> {
  if (typeof faults !== 'object' || Array.isArray(faults) || !(Symbol.iterator in faults)) return faults
  return Iterator.from(faults)
    .take(faultsMax + 1)
    .toArray()
}

/** A simulation for the command line: `cardumen simulate FILE` runs what the file exports as `scenario`. */
export function defineScenario(options: SimulateOptions, director: Director): Scenario {
  if (typeof options !== 'object' || options === null)
    throw new CardumenError(
      'option-invalid',
      'A simulation is given its options, and a function that acts on its world.',
    )
  const { name = 'simulation', duration, ...rest } = options
  return memberScenario({ ...rest, name, ...(duration !== undefined && { durationMs: duration }) }, director)
}

function seedFromEnvironment(): number | undefined {
  const text = process.env['CARDUMEN_SEED']
  if (text === undefined || text === '') return undefined
  if (/^\d{1,10}$/.test(text)) return Number(text)
  throw new CardumenError('option-invalid', `CARDUMEN_SEED is "${text}", and a seed is a whole number.`)
}

/** The test's file, as far as it can be known: vitest runs files in workers of its own and tells them by the stack. */
function replayCommand(): string {
  const cwd = process.cwd()
  if (process.env['VITEST'] !== undefined) return `npx vitest run ${shellWord(relative(cwd, callerFile() ?? cwd))}`
  return `node ${shellWord(relative(cwd, process.argv[1] ?? callerFile() ?? cwd))}`
}

function callerFile(): string | undefined {
  const frames = new Error('where').stack?.split('\n') ?? []
  const urls = frames.map((frame) => /((?:file:\/\/|\/)[^()\s]+?):\d+:\d+/.exec(frame)?.[1])
  const file = urls.find((url) => url !== undefined && !url.includes('/node_modules/') && !url.includes('/simulate.'))
  return file?.startsWith('file:') === true ? fileURLToPath(file) : file
}

/** What histories are checked against; what each of their operations means stands in docs/check-histories.md. */
export const models: Readonly<Record<ModelName, Model>> = { register, kv, queue, fifo, lock, counter }

// The world of whole members.
export type { Disk, DiskFile } from './edges/disk.ts'
export type { Distribution, Fault, FaultKind, OnLink, Window } from './sim/faults/fault.ts'
export type { NetworkOptions } from './sim/faults/network-options.ts'
export type { Director, Life, MemberProgram, World } from './sim/members/world.ts'
export type { ProgramProcess, Programs, VirtualProgram } from './sim/running/virtual-processes.ts'
export type { ModuleFactory, Modules, ModuleSurroundings } from './sim/running/virtual-workers.ts'
export type { Plan, Report, Scenario, Surroundings, Violation } from './sim/scenario.ts'
export type { Totals } from './sim/search/seeds.ts'

// Histories, from wherever they come, and what they can be checked for.
export { pairEvents, readHistory } from './sim/checkers/history.ts'
export type { HistoryEvent } from './sim/checkers/history.ts'
export { HistoryRecorder } from './sim/checkers/history-recorder.ts'
export type { Asked, Completion } from './sim/checkers/history-recorder.ts'
export type { Json } from './sim/checkers/json-value.ts'
export type { Model, ModelName } from './sim/checkers/models/model.ts'
export type { Operation } from './sim/checkers/operation.ts'
export type { CertainVerdict, Held, Undecided, Verdict, Violated } from './sim/checkers/verdict.ts'
export { checkLinearizable } from './sim/checkers/linearizable.ts'
export type { CheckOptions } from './sim/checkers/linearizable.ts'
export { checkSequential } from './sim/checkers/sequential.ts'
export { checkCausal } from './sim/checkers/causal.ts'
export { checkPram } from './sim/checkers/pram.ts'
export { checkEventual } from './sim/checkers/eventual.ts'

// Claims that are checked on plain records.
export { checkDurability } from './sim/checkers/durability.ts'
export type { WriteRecord } from './sim/checkers/durability.ts'
export { checkExclusion } from './sim/checkers/exclusion.ts'
export type { ExclusionRecords, StoreWrite, Tenure } from './sim/checkers/exclusion.ts'
export { checkExecutions } from './sim/checkers/executions.ts'
export type { CallRecord, ExecutionPromise } from './sim/checkers/executions.ts'
export { checkLeadership } from './sim/checkers/leadership.ts'
export type { Leadership } from './sim/checkers/leadership.ts'
export { checkOrderedDelivery } from './sim/checkers/ordered-delivery.ts'
export type { DeliveryLog } from './sim/checkers/ordered-delivery.ts'
export { checkOwnership } from './sim/checkers/ownership.ts'
export type { Ownership } from './sim/checkers/ownership.ts'
export { checkProgress } from './sim/checkers/progress.ts'
export type { Attempt, ProgressBounds } from './sim/checkers/progress.ts'

// A protocol of your own as a machine: run under chance in a world of its own, or gone through as a whole.
export type { Context, Effects, Input, Machine } from './lib/machine.ts'
export { address, incarnation, memberId, memberOf } from './lib/identifiers.ts'
export type { Address, Incarnation, Instant, MemberId } from './lib/identifiers.ts'
export { seededRandom } from './lib/random.ts'
export type { Random } from './lib/random.ts'
export { MachineWorld } from './sim/machines/machine-world.ts'
export type { MachineWorldOptions, WorldCounts } from './sim/machines/machine-world-options.ts'
export type { Sight } from './sim/machines/sight.ts'
export { explore } from './sim/explorer/explore.ts'
export type { ExploreOptions } from './sim/explorer/explore.ts'
export type {
  AnyModel,
  Bounds,
  Choice,
  Counterexample,
  ExplorationModel,
  ExplorationResult,
  PlannedCall,
} from './sim/explorer/exploration.ts'
export { replay } from './sim/explorer/replay.ts'
export type { ReplayStep } from './sim/explorer/replay.ts'
export type { GlobalState } from './sim/explorer/global-state.ts'
