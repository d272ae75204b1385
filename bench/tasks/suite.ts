/**
 * Suite `tasks`: a null task on a pool of two, 64 in flight, beside piscina as it comes and tuned.
 *
 * Tuned is the best of piscina's documented modes on this machine, found in the same rounds. Ours runs the task on
 * members, which are processes, and chooses the member anew for each call; piscina's are threads.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Remote } from '../harness/remote.ts'
import { interleave, pick, type Rounds } from '../harness/rounds.ts'
import { median, medianRatio } from '../harness/statistics.ts'
import type { Context, Row, Suite, SuiteResult } from '../harness/suite.ts'
import type { PoolArgument, PoolMethods } from './pool-process.ts'

const IN_FLIGHT = 64
/** A pool of processes warms up in five places at once, on few cores; shorter, the first rounds measure the compiler. */
const WARM_UP_FACTOR = 4
const TUNED_RATIO_MIN = 1.5
const DEFAULT_RATIO_MIN = 4

const PISCINA = new URL('./piscina.ts', import.meta.url)
const DEFAULT = 'piscina (default)'
const TUNED = ['sync', 'async', 'disabled'].map((atomics) => ({
  name: `piscina (32 a worker, atomics ${atomics})`,
  option: atomics,
}))
const OURS = 'cardumen'

interface Sample {
  readonly medianUs: number
  readonly tasksPerSecond: number
}

interface Entrant {
  readonly name: string
  readonly module: URL
  readonly option: string
}

export const tasksSuite: Suite = {
  name: 'tasks',
  about: 'a null task on a pool of two, 64 in flight, beside piscina',
  run,
}

async function run(context: Context): Promise<SuiteResult> {
  const ours = new URL('../cardumen/tasks.ts', import.meta.url)
  const entrants: Entrant[] = [
    { name: DEFAULT, module: PISCINA, option: 'default' },
    ...TUNED.map(({ name, option }) => ({ name, module: PISCINA, option })),
    { name: OURS, module: ours, option: '' },
  ]
  const rounds = await measure(entrants, context)
  const rows = [...[...rounds.keys()].flatMap((name) => figures(rounds, name)), ...ratios(rounds)]
  return { rows, skipped: [], raw: Object.fromEntries(rounds) }
}

async function measure(entrants: readonly Entrant[], context: Context): Promise<Rounds<Sample>> {
  const { effort, progress } = context
  const pools = new Map<string, Remote<PoolMethods>>()
  try {
    for (const { name, module, option } of entrants) {
      progress.say(`warming up ${name}`)
      const folder = join(context.folder, String(pools.size))
      await mkdir(folder)
      const argument: PoolArgument = { module: module.href, folder, option }
      const pool = new Remote<PoolMethods>(new URL('./pool-process.ts', import.meta.url), argument)
      pools.set(name, pool)
      await sample(pool, effort.warmUpMs, WARM_UP_FACTOR * effort.warmUpMs)
    }
    return await interleave([...pools.keys()], effort.rounds, progress, (name) =>
      sample(pools.get(name) as Remote<PoolMethods>, effort.latencyMs, effort.throughputMs),
    )
  } finally {
    await Promise.all([...pools.values()].map((pool) => pool.close()))
  }
}

async function sample(pool: Remote<PoolMethods>, latencyMs: number, throughputMs: number): Promise<Sample> {
  const latency = await pool.request('latency', { durationMs: latencyMs })
  const throughput = await pool.request('throughput', { durationMs: throughputMs, inFlight: IN_FLIGHT })
  return { medianUs: latency.medianUs, tasksPerSecond: throughput.callsPerSecond }
}

function figures(rounds: Rounds<Sample>, name: string): Row[] {
  return [
    {
      what: `${name}: median, 1 in flight`,
      value: median(pick(rounds, name, (sample) => sample.medianUs)),
      unit: 'us',
    },
    {
      what: `${name}: throughput, ${IN_FLIGHT} in flight`,
      value: median(tasksPerSecond(rounds, name)),
      unit: 'tasks/s',
    },
  ]
}

function ratios(rounds: Rounds<Sample>): Row[] {
  const ours = tasksPerSecond(rounds, OURS)
  const tuned = TUNED.map(({ name }) => tasksPerSecond(rounds, name)).reduce((best, one) =>
    median(one) > median(best) ? one : best,
  )
  return [
    {
      what: 'cardumen / piscina tuned: throughput',
      value: medianRatio(ours, tuned),
      unit: 'x',
      bound: { atLeast: TUNED_RATIO_MIN },
    },
    {
      what: 'cardumen / piscina default: throughput',
      value: medianRatio(ours, tasksPerSecond(rounds, DEFAULT)),
      unit: 'x',
      bound: { atLeast: DEFAULT_RATIO_MIN },
    },
  ]
}

function tasksPerSecond(rounds: Rounds<Sample>, name: string): number[] {
  return pick(rounds, name, (sample) => sample.tasksPerSecond)
}
