/**
 * Suite `bulk`: large messages, and small calls while large messages flow.
 *
 * The floor stores a message until it is whole and then sends it back, over the same socket as its small calls: there
 * a small call waits behind a large message. Ours sends large messages in cells between which small calls pass, and
 * must keep both its speed and their p99 with one and the same setting.
 */
import { FLOORS, OURS } from '../calls/entrants.ts'
import { type Client, withPairs } from '../calls/pairs.ts'
import { interleave, pick, type Rounds } from '../harness/rounds.ts'
import { median, medianRatio } from '../harness/statistics.ts'
import type { Context, Row, Suite, SuiteResult } from '../harness/suite.ts'
import type { Transport } from '../calls/contender.ts'

const MIB = 2 ** 20
const ECHO_BYTES = MIB
const FLOW_BYTES = 64 * MIB

const ECHO_RATIO_MIN: Readonly<Record<Transport, number>> = { unix: 0.6, tcp: 0.4 }
const SMALL_P99_RATIO_MAX: Readonly<Record<Transport, number>> = { unix: 3, tcp: 5 }

interface Sample {
  readonly echoMibPerSecond: number
  readonly idleP99Us: number
  readonly flowP99Us: number
  readonly flowMibPerSecond: number
}

export const bulkSuite: Suite = {
  name: 'bulk',
  about: '1 MiB echoes beside the floor; small calls while 64 MiB messages flow',
  run,
}

async function run(context: Context): Promise<SuiteResult> {
  const entrants = [...FLOORS, ...OURS]
  const names = entrants.map((entrant) => entrant.name)
  const rounds = await withPairs(entrants, context, undefined, async (client) => {
    for (const name of names) {
      context.progress.say(`warming up ${name}`)
      await sample(client(name), context.effort.warmUpMs)
    }
    return interleave(names, context.effort.rounds, context.progress, (name) =>
      sample(client(name), context.effort.throughputMs),
    )
  })
  const rows = [
    ...names.flatMap((name) => figures(rounds, name)),
    ...OURS.flatMap((one) => bounds(rounds, one.name, one.transport)),
  ]
  return { rows, skipped: [], raw: Object.fromEntries(rounds) }
}

async function sample(client: Client, durationMs: number): Promise<Sample> {
  const echoMibPerSecond = await client.request('bulk', { durationMs, sizeBytes: ECHO_BYTES })
  const idle = await client.request('latency', { durationMs })
  const flow = await client.request('latencyUnderBulk', { durationMs: durationMs * 2, sizeBytes: FLOW_BYTES })
  return { echoMibPerSecond, idleP99Us: idle.p99Us, flowP99Us: flow.p99Us, flowMibPerSecond: flow.bulkMibPerSecond }
}

function figures(rounds: Rounds<Sample>, name: string): Row[] {
  const figure = (what: string, unit: string, value: (sample: Sample) => number): Row => ({
    what: `${name}: ${what}`,
    value: median(pick(rounds, name, value)),
    unit,
  })
  return [
    figure('1 MiB echo', 'MiB/s', (sample) => sample.echoMibPerSecond),
    figure('64 MiB echo beside small calls', 'MiB/s', (sample) => sample.flowMibPerSecond),
    figure('small calls, p99, idle', 'us', (sample) => sample.idleP99Us),
    figure('small calls, p99, 64 MiB messages flowing', 'us', (sample) => sample.flowP99Us),
  ]
}

function bounds(rounds: Rounds<Sample>, name: string, transport: Transport): Row[] {
  const echo = (of: string): number[] => pick(rounds, of, (sample) => sample.echoMibPerSecond)
  return [
    {
      what: `${name} / floor: 1 MiB echo`,
      value: medianRatio(echo(name), echo(`floor (${transport})`)),
      unit: 'x',
      bound: { atLeast: ECHO_RATIO_MIN[transport] },
    },
    {
      what: `${name}: small calls' p99, 64 MiB messages flowing / idle`,
      value: median(pick(rounds, name, (sample) => sample.flowP99Us / sample.idleP99Us)),
      unit: 'x',
      bound: { atMost: SMALL_P99_RATIO_MAX[transport] },
    },
  ]
}
