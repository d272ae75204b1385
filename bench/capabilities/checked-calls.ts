/**
 * What checking a capability costs a call: CPU time of both processes, beside the same call checked by its port alone.
 *
 * The capability has been verified before, and is narrowed to a right and an operation and until a time, of which the
 * last is looked at in every call. Both ways share one pair of processes and one link and take turns of a fraction of
 * a second, since the difference is smaller than what two equal processes differ by. What a first use costs in a call
 * is told without a bound: the callers' side of it is larger than the noise, the servers' side is measured alone in
 * `first-use.ts`.
 */
import { Remote } from '../harness/remote.ts'
import { median, medianRatio, percentile, sorted } from '../harness/statistics.ts'
import type { Context, Row } from '../harness/suite.ts'
import type { CheckedClientMethods, Comparison } from './checked-client-process.ts'
import type { Part } from './part.ts'

const ROUNDS = 15
const IN_FLIGHT = [1, 64] as const
const CPU_RATIO_MAX = 1.1
const CHAINS = [1, 4, 16] as const
const CHAINS_COUNT = 1_000

export async function measureCheckedCalls(context: Context, home: string): Promise<Part> {
  const { effort, progress } = context
  progress.say('starting client and server')
  await using client = new Remote<CheckedClientMethods>(new URL('./checked-client-process.ts', import.meta.url), home)
  await client.request('ready', null)
  const comparisons = new Map<number, Comparison[]>(IN_FLIGHT.map((inFlight) => [inFlight, []]))
  for (const inFlight of IN_FLIGHT) await client.request('compare', { inFlight, durationMs: effort.warmUpMs })
  for (let round = 1; round <= ROUNDS; round++) {
    for (const inFlight of IN_FLIGHT) {
      progress.say(`round ${round}/${ROUNDS}, ${inFlight} in flight`)
      const durationMs = effort.throughputMs
      comparisons.get(inFlight)?.push(await client.request('compare', { inFlight, durationMs }))
    }
  }
  const firstUses: { caveats: number; us: number }[] = []
  for (const caveats of CHAINS) {
    progress.say(`first uses of ${caveats} caveats`)
    firstUses.push({ caveats, us: await client.request('firstUse', { caveats, count: CHAINS_COUNT }) })
  }
  return {
    rows: [
      ...[...comparisons].flatMap(([inFlight, rounds]) => rowsOf(inFlight, rounds)),
      ...firstUses.map(firstUseRow),
    ],
    raw: { comparisons: Object.fromEntries(comparisons), firstUses },
  }
}

function rowsOf(inFlight: number, rounds: readonly Comparison[]): Row[] {
  const checked = rounds.map((round) => round.checkedCpuUsPerCall)
  const bare = rounds.map((round) => round.bareCpuUsPerCall)
  const ratios = sorted(rounds.map((round) => round.checkedCpuUsPerCall / round.bareCpuUsPerCall))
  const row = (what: string, value: number, unit: string): Row => ({
    what: `${what}, ${inFlight} in flight`,
    value,
    unit,
  })
  return [
    row('CPU per call, checked by its port', median(bare), 'us'),
    row('CPU per call, with a verified capability', median(checked), 'us'),
    { ...row('capability / port: CPU per call', medianRatio(checked, bare), 'x'), bound: { atMost: CPU_RATIO_MAX } },
    row('capability / port: smallest of the rounds', percentile(ratios, 0), 'x'),
    row('capability / port: largest of the rounds', percentile(ratios, 1), 'x'),
  ]
}

function firstUseRow({ caveats, us }: { readonly caveats: number; readonly us: number }): Row {
  return { what: `first call beyond a later one, ${caveats} caveats: CPU of both sides`, value: us, unit: 'us' }
}
