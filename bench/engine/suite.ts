/**
 * Suite `engine`: durable puts, reads, and four processes that write at once.
 *
 * Beside it run bare SQLite on the calling thread, and a probe that makes 4 KiB durable by itself: the disk's own
 * time, measured while the four write, is taken off their longest wait. A share is a writer's puts over a quarter of
 * all four's. What is promised of every writer and every wait is held against the worst round, the rest against the median.
 * How soon a process learns what another one did, or that it died, is measured by `notices.ts`.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Latency } from '../harness/load.ts'
import { Remote } from '../harness/remote.ts'
import { interleave, pick, type Rounds } from '../harness/rounds.ts'
import { median } from '../harness/statistics.ts'
import type { Bound, Context, Row, Suite, SuiteResult } from '../harness/suite.ts'
import type { DiskMethods, DiskTimes } from './disk-process.ts'
import type { EngineArgument, EngineMethods, Puts } from './engine-process.ts'
import { measureNotices, noticeRows } from './notices.ts'

const IN_FLIGHT = 256
const WRITERS = 4
/** Long enough for a p99.9 of the main thread's timers, and for a share to mean something. */
const WRITE_MS_MIN = 2_000
/** Between "start at" and the start: every writer has its request by then. */
const START_AHEAD_MS = 100
const PROBE_PAUSE_MS = 10

const PUTS_PER_SECOND_MIN = 20_000
const LATE_P999_MS_MAX = 5
const READ_US_MAX = 15
const SHARE_MIN = 0.8
const WAIT_BEYOND_DISK_MS_MAX = 100

const BARE = 'bare SQLite'
const OURS = 'cardumen'

interface Sample {
  readonly alone: Puts
  readonly reads: Latency
  readonly together: readonly Puts[]
  readonly disk: DiskTimes
}

interface Store {
  readonly writers: readonly Remote<EngineMethods>[]
}

export const engineSuite: Suite = {
  name: 'engine',
  about: 'durable puts and reads; four processes writing at once',
  run,
}

async function run(context: Context): Promise<SuiteResult> {
  const ours = new URL('../cardumen/engine.ts', import.meta.url)
  const stores = new Map<string, Store>()
  const disk = new Remote<DiskMethods>(new URL('./disk-process.ts', import.meta.url), { folder: context.diskFolder })
  try {
    context.progress.say('the disk alone')
    const alone = await disk.request('watch', { durationMs: context.effort.throughputMs, pauseMs: 0 })
    stores.set(BARE, await open(new URL('./bare-sqlite.ts', import.meta.url), join(context.diskFolder, 'bare')))
    stores.set(OURS, await open(ours, join(context.diskFolder, 'ours')))
    const rounds = await measure(context, stores, disk)
    const notices = await measureNotices(context, ours, join(context.diskFolder, 'notices'))
    const rows = [
      ...diskRows(alone),
      ...figures(rounds, BARE, false),
      ...figures(rounds, OURS, true),
      ...noticeRows(OURS, notices),
    ]
    return { rows, skipped: [], raw: { disk: alone, notices, ...Object.fromEntries(rounds) } }
  } finally {
    await Promise.all([disk, ...[...stores.values()].flatMap((store) => store.writers)].map((remote) => remote.close()))
  }
}

async function open(module: URL, folder: string): Promise<Store> {
  await mkdir(folder)
  const writers: Remote<EngineMethods>[] = []
  for (let writer = 0; writer < WRITERS; writer++) {
    const argument: EngineArgument = { module: module.href, folder, writer }
    const remote = new Remote<EngineMethods>(new URL('./engine-process.ts', import.meta.url), argument)
    await remote.request('ready', null)
    writers.push(remote)
  }
  return { writers }
}

async function measure(
  context: Context,
  stores: ReadonlyMap<string, Store>,
  disk: Remote<DiskMethods>,
): Promise<Rounds<Sample>> {
  const { effort, progress } = context
  const names = [...stores.keys()]
  const once = (name: string, writeMs: number): Promise<Sample> =>
    sample(stores.get(name) as Store, disk, effort.latencyMs, writeMs)
  for (const name of names) {
    progress.say(`warming up ${name}`)
    await once(name, effort.warmUpMs)
  }
  return interleave(names, effort.rounds, progress, (name) => once(name, Math.max(WRITE_MS_MIN, effort.throughputMs)))
}

async function sample(store: Store, disk: Remote<DiskMethods>, readMs: number, writeMs: number): Promise<Sample> {
  const first = store.writers[0] as Remote<EngineMethods>
  const reads = await first.request('reads', { durationMs: readMs })
  const alone = await first.request('puts', { inFlight: IN_FLIGHT, durationMs: writeMs, startAtMs: Date.now() })
  const startAtMs = Date.now() + START_AHEAD_MS
  const watching = disk.request('watch', { durationMs: START_AHEAD_MS + writeMs, pauseMs: PROBE_PAUSE_MS })
  const argument = { inFlight: IN_FLIGHT / WRITERS, durationMs: writeMs, startAtMs }
  const together = await Promise.all(store.writers.map((writer) => writer.request('puts', argument)))
  return { alone, reads, together, disk: await watching }
}

function diskRows(disk: DiskTimes): Row[] {
  return [
    { what: 'disk alone: 4 KiB durable, median', value: disk.medianMs, unit: 'ms' },
    { what: 'disk alone: 4 KiB durable, p99', value: disk.p99Ms, unit: 'ms' },
    { what: 'disk alone: 4 KiB durable, longest', value: disk.maxMs, unit: 'ms' },
  ]
}

function figures(rounds: Rounds<Sample>, name: string, bounded: boolean): Row[] {
  const row = (what: string, unit: string, value: number, bound?: Bound): Row => ({
    what: `${name}: ${what}`,
    value,
    unit,
    ...(bounded && bound !== undefined ? { bound } : {}),
  })
  const figure = (what: string, unit: string, value: (sample: Sample) => number, bound?: Bound): Row =>
    row(what, unit, median(pick(rounds, name, value)), bound)
  const shares = pick(rounds, name, smallestShare)
  const waitsBeyondMs = pick(rounds, name, (one) => longestWaitMs(one) - one.disk.maxMs)
  return [
    figure(`durable puts, ${IN_FLIGHT} in flight`, 'puts/s', (one) => one.alone.putsPerSecond, {
      atLeast: PUTS_PER_SECOND_MIN,
    }),
    figure('put, p50', 'us', (one) => one.alone.p50Us),
    figure('put, p99', 'us', (one) => one.alone.p99Us),
    figure("main thread's delay meanwhile, p99.9", 'ms', (one) => one.alone.lateP999Ms, { atMost: LATE_P999_MS_MAX }),
    figure('idle read, median', 'us', (one) => one.reads.medianUs, { atMost: READ_US_MAX }),
    figure(`${WRITERS} writers: puts of all`, 'puts/s', (one) => sum(one.together.map((puts) => puts.putsPerSecond))),
    row(`${WRITERS} writers: smallest share of any round`, 'of a share', Math.min(...shares), { atLeast: SHARE_MIN }),
    figure(`${WRITERS} writers: longest wait`, 'ms', longestWaitMs),
    figure(`${WRITERS} writers: the disk's longest meanwhile`, 'ms', (one) => one.disk.maxMs),
    row(`${WRITERS} writers: longest wait beyond the disk's, any round`, 'ms', Math.max(...waitsBeyondMs), {
      atMost: WAIT_BEYOND_DISK_MS_MAX,
    }),
  ]
}

function smallestShare(sample: Sample): number {
  const puts = sample.together.map((one) => one.puts)
  return Math.min(...puts) / (sum(puts) / puts.length)
}

function longestWaitMs(sample: Sample): number {
  return Math.max(...sample.together.map((puts) => puts.maxMs))
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
