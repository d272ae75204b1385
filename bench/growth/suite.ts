/**
 * Suite `growth`: the latency of a call between two members of 2, 4, 8 and 16, and what joining costs.
 *
 * Each round grows a system from two members to sixteen. "Does not grow" is held to a quarter above
 * the latency with two, since the control (the floor among idle Node processes) itself wavers by about so much.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { FLOORS } from '../calls/entrants.ts'
import { withPairs } from '../calls/pairs.ts'
import { loadAdapter } from '../harness/adapter.ts'
import { measureLatency } from '../harness/load.ts'
import { median, medianRatio } from '../harness/statistics.ts'
import type { Context, Row, Suite, SuiteResult } from '../harness/suite.ts'
import type { GrowthAdapter } from './growth-adapter.ts'
import { IdleNeighbours } from './idle-neighbours.ts'

const SIZES = [2, 4, 8, 16] as const
const LATENCY_RATIO_MAX = 1.25
/** A round starts fifteen processes. */
const ROUNDS_MAX = 3

/** One round: at each size, the median latency and how long each of the joinings that led to it took on average. */
type Sample = readonly { readonly size: number; readonly medianUs: number; readonly joinMs: number }[]

export const growthSuite: Suite = {
  name: 'growth',
  about: 'a call between two of 2, 4, 8 and 16 members; the cost of joining',
  run,
}

async function run(context: Context): Promise<SuiteResult> {
  const adapter = await loadAdapter<GrowthAdapter>(new URL('../cardumen/growth.ts', import.meta.url))
  const control: Sample[] = []
  const ours: Sample[] = []
  for (let round = 0; round < Math.min(ROUNDS_MAX, context.effort.rounds); round++) {
    context.progress.say(`round ${round + 1}: control`)
    control.push(await growControl(context, round))
    context.progress.say(`round ${round + 1}: cardumen`)
    ours.push(await growOurs(context, adapter, round))
  }
  const rows = [...latencyRows('floor among idle Node processes', control), ...oursRows(ours)]
  return { rows, skipped: [], raw: { control, ours } }
}

async function growControl(context: Context, round: number): Promise<Sample> {
  const folder = join(context.folder, `r${round}`)
  await mkdir(folder)
  return withPairs(FLOORS.slice(0, 1), { ...context, folder }, undefined, async (client) => {
    const pair = client(FLOORS[0]?.name ?? '')
    await pair.request('latency', { durationMs: context.effort.warmUpMs })
    await using neighbours = new IdleNeighbours(pair)
    return await growing(
      2,
      () => neighbours.grow(),
      () => neighbours.medianUs(context.effort.latencyMs),
    )
  })
}

async function growOurs(context: Context, adapter: GrowthAdapter, round: number): Promise<Sample> {
  const folder = join(context.diskFolder, `g${round}`)
  await mkdir(folder)
  const system = await adapter.begin(folder)
  const latency = (durationMs: number) =>
    measureLatency(
      () => system.call(),
      durationMs,
      async () => 0,
    )
  try {
    const join = performance.now()
    await system.grow()
    const firstJoinMs = performance.now() - join
    await latency(context.effort.warmUpMs)
    const sample = await growing(
      2,
      () => system.grow(),
      async () => (await latency(context.effort.latencyMs)).medianUs,
    )
    return sample.map((one) => (one.size === 2 ? { ...one, joinMs: firstJoinMs } : one))
  } finally {
    await system.close()
  }
}

/** Grows from `size` on, and measures at each of the sizes. */
async function growing(size: number, grow: () => Promise<void>, medianUs: () => Promise<number>): Promise<Sample> {
  const sample: { size: number; medianUs: number; joinMs: number }[] = []
  let now = size
  for (const target of SIZES) {
    const joins = target - now
    const start = performance.now()
    for (; now < target; now++) await grow()
    const joinMs = joins === 0 ? 0 : (performance.now() - start) / joins
    sample.push({ size: target, medianUs: await medianUs(), joinMs })
  }
  return sample
}

function latencyRows(name: string, samples: readonly Sample[]): Row[] {
  return [
    ...SIZES.map((size) => ({
      what: `${name}: call, ${size} processes`,
      value: median(at(samples, size)),
      unit: 'us',
    })),
    { what: `${name}: call, 16 / 2 processes`, value: medianRatio(at(samples, 16), at(samples, 2)), unit: 'x' },
  ]
}

function oursRows(samples: readonly Sample[]): Row[] {
  const bound = { atMost: LATENCY_RATIO_MAX }
  const joins = SIZES.map((size) => ({
    what: `cardumen: joining, as one of ${size}`,
    value: median(samples.map((sample) => sample.find((one) => one.size === size)?.joinMs ?? Number.NaN)),
    unit: 'ms',
  }))
  return [...latencyRows('cardumen', samples).map((row) => (row.unit === 'x' ? { ...row, bound } : row)), ...joins]
}

function at(samples: readonly Sample[], size: number): number[] {
  return samples.map((sample) => sample.find((one) => one.size === size)?.medianUs ?? Number.NaN)
}
