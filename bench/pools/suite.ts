/**
 * Suite `pools`: threads that run functions, beside piscina, tinypool and workerpool, each at its best setting.
 *
 * A null task on a pool of two, 64 in flight and one at a time; the best setting of each peer is found in the same rounds. Then one
 * task at a time that is given 1 MiB: shared, moved there and back, and copied.
 */
import { Remote } from '../harness/remote.ts'
import { interleave, pick, type Rounds } from '../harness/rounds.ts'
import { median, medianRatio } from '../harness/statistics.ts'
import type { Context, Row, Suite, SuiteResult } from '../harness/suite.ts'
import type { PoolArgument, PoolMethods } from '../tasks/pool-process.ts'
import type { Way } from './buffer-pool.ts'
import type { BufferMethods } from './buffer-process.ts'

const IN_FLIGHT = 64
const RATIO_MIN = 2
/** What is moved or shared costs a fraction of what is copied; were it copied after all, this would be near 1. */
const COPY_RATIO_MIN = 1.5
const WAYS: readonly Way[] = ['shared', 'moved', 'copied']

interface Entrant {
  readonly name: string
  readonly module: URL
  readonly option: string
}

const OURS: Entrant = { name: 'cardumen', module: new URL('../cardumen/pools.ts', import.meta.url), option: '' }
const PEERS: readonly Entrant[] = [
  ...entrants('piscina', new URL('../tasks/piscina.ts', import.meta.url), ['default', 'sync', 'async', 'disabled']),
  ...entrants('tinypool', new URL('./tinypool.ts', import.meta.url), ['default', 'queued', 'atomics']),
  { name: 'workerpool', module: new URL('./workerpool.ts', import.meta.url), option: '' },
]
const BUFFER_PEERS: readonly Entrant[] = [
  { name: 'piscina', module: new URL('./piscina-buffers.ts', import.meta.url), option: '' },
  { name: 'tinypool', module: new URL('./tinypool-buffers.ts', import.meta.url), option: '' },
  { name: 'workerpool', module: new URL('./workerpool-buffers.ts', import.meta.url), option: '' },
]
const OUR_BUFFERS: Entrant = { ...OURS, module: new URL('../cardumen/buffers.ts', import.meta.url) }

interface Sample {
  readonly medianUs: number
  readonly tasksPerSecond: number
}

type BufferSample = Readonly<Record<Way, number>>

export const poolsSuite: Suite = {
  name: 'pools',
  about: 'a null task, and one with 1 MiB, on a pool of two threads, beside piscina, tinypool and workerpool',
  run,
}

async function run(context: Context): Promise<SuiteResult> {
  const tasks = await measureTasks(context)
  const buffers = await measureBuffers(context)
  return {
    rows: [...taskRows(tasks), ...bufferRows(buffers)],
    skipped: [],
    raw: { tasks: Object.fromEntries(tasks), buffers: Object.fromEntries(buffers) },
  }
}

function entrants(name: string, module: URL, options: readonly string[]): Entrant[] {
  return options.map((option) => ({ name: `${name} (${option})`, module, option }))
}

async function measureTasks({ effort, progress, folder }: Context): Promise<Rounds<Sample>> {
  const script = new URL('../tasks/pool-process.ts', import.meta.url)
  const pools = new Map<string, Remote<PoolMethods>>()
  try {
    for (const { name, module, option } of [...PEERS, OURS]) {
      progress.say(`warming up ${name}`)
      const argument: PoolArgument = { module: module.href, folder, option }
      const pool = new Remote<PoolMethods>(script, argument)
      pools.set(name, pool)
      await sampleTasks(pool, effort.warmUpMs, effort.warmUpMs)
    }
    return await interleave([...pools.keys()], effort.rounds, progress, (name) =>
      sampleTasks(pools.get(name) as Remote<PoolMethods>, effort.latencyMs, effort.throughputMs),
    )
  } finally {
    await closeAll(pools)
  }
}

async function sampleTasks(pool: Remote<PoolMethods>, latencyMs: number, throughputMs: number): Promise<Sample> {
  const latency = await pool.request('latency', { durationMs: latencyMs })
  const throughput = await pool.request('throughput', { durationMs: throughputMs, inFlight: IN_FLIGHT })
  return { medianUs: latency.medianUs, tasksPerSecond: throughput.callsPerSecond }
}

async function measureBuffers({ effort, progress }: Context): Promise<Rounds<BufferSample>> {
  const script = new URL('./buffer-process.ts', import.meta.url)
  const pools = new Map<string, Remote<BufferMethods>>()
  try {
    for (const { name, module } of [...BUFFER_PEERS, OUR_BUFFERS]) {
      progress.say(`warming up ${name} with 1 MiB`)
      const pool = new Remote<BufferMethods>(script, { module: module.href })
      pools.set(name, pool)
      await sampleBuffers(pool, effort.warmUpMs / WAYS.length)
    }
    return await interleave([...pools.keys()], effort.rounds, progress, (name) =>
      sampleBuffers(pools.get(name) as Remote<BufferMethods>, effort.latencyMs),
    )
  } finally {
    await closeAll(pools)
  }
}

async function sampleBuffers(pool: Remote<BufferMethods>, durationMs: number): Promise<BufferSample> {
  const medians: [Way, number][] = []
  for (const way of WAYS) medians.push([way, (await pool.request('latency', { way, durationMs })).medianUs])
  return Object.fromEntries(medians) as BufferSample
}

async function closeAll(pools: ReadonlyMap<string, { close(): Promise<void> }>): Promise<void> {
  await Promise.all([...pools.values()].map((pool) => pool.close()))
}

function taskRows(rounds: Rounds<Sample>): Row[] {
  const throughput = (name: string): number[] => pick(rounds, name, (sample) => sample.tasksPerSecond)
  const peers = PEERS.map(({ name }) => name)
  const best = peers.reduce((one, other) => (median(throughput(other)) > median(throughput(one)) ? other : one))
  const figures = [...rounds.keys()].flatMap((name): Row[] => [
    {
      what: `${name}: median, 1 in flight`,
      value: median(pick(rounds, name, (sample) => sample.medianUs)),
      unit: 'us',
    },
    { what: `${name}: throughput, ${IN_FLIGHT} in flight`, value: median(throughput(name)), unit: 'tasks/s' },
  ])
  const ratio = medianRatio(throughput(OURS.name), throughput(best))
  return [
    ...figures,
    { what: `cardumen / best peer, ${best}: throughput`, value: ratio, unit: 'x', bound: { atLeast: RATIO_MIN } },
  ]
}

function bufferRows(rounds: Rounds<BufferSample>): Row[] {
  const medians = (name: string, way: Way): number[] => pick(rounds, name, (sample) => sample[way])
  const figures = [...rounds.keys()].flatMap((name) =>
    WAYS.map((way): Row => ({ what: `${name}: median, 1 MiB ${way}`, value: median(medians(name, way)), unit: 'us' })),
  )
  const ratios = (['shared', 'moved'] as const).map(
    (way): Row => ({
      what: `cardumen, 1 MiB copied / ${way}: median`,
      value: medianRatio(medians(OURS.name, 'copied'), medians(OURS.name, way)),
      unit: 'x',
      bound: { atLeast: COPY_RATIO_MIN },
    }),
  )
  return [...figures, ...ratios]
}
