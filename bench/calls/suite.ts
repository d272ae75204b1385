/**
 * Suite `calls`: what one null call costs, beside the floor and the peers.
 *
 * Free on all cores and with both processes pinned to one core. Latency is the median with one call in flight; CPU per
 * call is that of both processes in the same phase, where waking another core hides its cost from the median;
 * throughput is with 64 in flight. Ours is compared with the floor on the same transport, with peers over TCP.
 */
import type { Latency, Throughput } from '../harness/load.ts'
import { interleave, pick, type Rounds } from '../harness/rounds.ts'
import { median, medianRatio } from '../harness/statistics.ts'
import type { Bound, Context, Row, Suite, SuiteResult } from '../harness/suite.ts'
import { FLOORS, OURS, PEERS } from './entrants.ts'
import { type Client, withPairs } from './pairs.ts'

const IN_FLIGHT = 64

type Mode = 'free' | 'pinned'

interface Sample {
  readonly latency: Latency
  readonly throughput: Throughput
}

/** What ours must reach; the CPU bound holds in both modes, the median's only where nothing hides cost. */
const CPU_RATIO_MAX = 1.7
const PINNED_MEDIAN_RATIO_MAX = 1.5
const FLOOR_THROUGHPUT_RATIO_MIN: Readonly<Record<Mode, number>> = { free: 0.5, pinned: 0.4 }
const PEER_THROUGHPUT_RATIO_MIN: ReadonlyMap<string, number> = new Map([
  ['moleculer', 2.5],
  ['grpc-js', 5],
  ['capnweb', 5],
])

export const callsSuite: Suite = {
  name: 'calls',
  about: 'a null call: CPU, latency and throughput beside floor, Moleculer, grpc-js and capnweb',
  run,
}

async function run(context: Context): Promise<SuiteResult> {
  const free = await measure(context, undefined)
  const pinned = context.pinnedCore === undefined ? undefined : await measure(context, context.pinnedCore)
  const skipped: string[] = []
  if (pinned === undefined) skipped.push('pinned to one core: this machine has no taskset')
  const rows = [...rowsOf('free', free), ...(pinned === undefined ? [] : rowsOf('pinned', pinned))]
  return { rows, skipped, raw: { free: Object.fromEntries(free), pinned: pinned && Object.fromEntries(pinned) } }
}

async function measure(context: Context, core: number | undefined): Promise<Rounds<Sample>> {
  const { effort, progress } = context
  const entrants = [...FLOORS, ...OURS, ...PEERS]
  const names = entrants.map((entrant) => entrant.name)
  return withPairs(entrants, context, core, async (client) => {
    for (const name of names) {
      progress.say(`warming up ${name}`)
      await sample(client(name), effort.warmUpMs, effort.warmUpMs)
    }
    return interleave(names, effort.rounds, progress, (name) =>
      sample(client(name), effort.latencyMs, effort.throughputMs),
    )
  })
}

async function sample(client: Client, latencyMs: number, throughputMs: number): Promise<Sample> {
  const latency = await client.request('latency', { durationMs: latencyMs })
  const throughput = await client.request('throughput', { durationMs: throughputMs, inFlight: IN_FLIGHT })
  return { latency, throughput }
}

function rowsOf(mode: Mode, rounds: Rounds<Sample>): Row[] {
  return [
    ...[...rounds.keys()].flatMap((name) => figures(mode, rounds, name)),
    ...OURS.flatMap((entrant) => floorRatios(mode, rounds, entrant.name, `floor (${entrant.transport})`)),
    ...peerRatios(mode, rounds),
  ]
}

function figures(mode: Mode, rounds: Rounds<Sample>, name: string): Row[] {
  const figure = (what: string, unit: string, value: (sample: Sample) => number): Row => ({
    what: `${mode}: ${name}: ${what}`,
    value: median(pick(rounds, name, value)),
    unit,
  })
  return [
    figure('median, 1 in flight', 'us', medianUs),
    figure('CPU per call, 1 in flight', 'us', cpuUs),
    figure(`throughput, ${IN_FLIGHT} in flight`, 'calls/s', callsPerSecond),
    figure(`CPU per call, ${IN_FLIGHT} in flight`, 'us', busyCpuUs),
  ]
}

function floorRatios(mode: Mode, rounds: Rounds<Sample>, name: string, floor: string): Row[] {
  const ratio = (what: string, value: (sample: Sample) => number, bound?: Bound): Row => ({
    what: `${mode}: ${name} / floor: ${what}`,
    value: medianRatio(pick(rounds, name, value), pick(rounds, floor, value)),
    unit: 'x',
    ...(bound === undefined ? {} : { bound }),
  })
  return [
    ratio('CPU per call, 1 in flight', cpuUs, { atMost: CPU_RATIO_MAX }),
    ratio('median, 1 in flight', medianUs, mode === 'pinned' ? { atMost: PINNED_MEDIAN_RATIO_MAX } : undefined),
    ratio(`throughput, ${IN_FLIGHT} in flight`, callsPerSecond, { atLeast: FLOOR_THROUGHPUT_RATIO_MIN[mode] }),
    ratio(`CPU per call, ${IN_FLIGHT} in flight`, busyCpuUs),
  ]
}

function peerRatios(mode: Mode, rounds: Rounds<Sample>): Row[] {
  return [...PEER_THROUGHPUT_RATIO_MIN].map(([peer, atLeast]) => ({
    what: `${mode}: cardumen (tcp) / ${peer}: throughput, ${IN_FLIGHT} in flight`,
    value: medianRatio(pick(rounds, 'cardumen (tcp)', callsPerSecond), pick(rounds, peer, callsPerSecond)),
    unit: 'x',
    bound: { atLeast },
  }))
}

const medianUs = (sample: Sample): number => sample.latency.medianUs
const cpuUs = (sample: Sample): number => sample.latency.cpuUsPerCall
const callsPerSecond = (sample: Sample): number => sample.throughput.callsPerSecond
const busyCpuUs = (sample: Sample): number => sample.throughput.cpuUsPerCall
