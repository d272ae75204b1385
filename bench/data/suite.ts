/**
 * Suite `data`: what threads of one process share, beside the barest thing that does the same.
 *
 * The ring beside a ring without lengths, checks and sleep; the queue beside Node's MessagePort; a struct's field beside a
 * typed array, with one struct in use and with five, each in a process of its own; the map beside a Map.
 */
import { Remote } from '../harness/remote.ts'
import { interleave, pick } from '../harness/rounds.ts'
import { median, medianRatio } from '../harness/statistics.ts'
import type { Context, Row, Suite, SuiteResult } from '../harness/suite.ts'
import type { DataMethods } from './data-process.ts'
import type { Sending } from './peer-thread.ts'

const RING_MIN = 6_000_000
const STRUCT_RATIO_MAX = 3
/** Measurements thrown away before the first round: the compiler is done after these. */
const WARM_UPS = 3
const SENDINGS: readonly Sending[] = [
  { through: 'ring', count: 3_000_000 },
  { through: 'bare', count: 3_000_000 },
  { through: 'queue', count: 1_000_000 },
  { through: 'port', count: 100_000 },
]
const MODULE = new URL('./data-process.ts', import.meta.url)

type Sample = Readonly<Record<string, number>>

export const dataSuite: Suite = {
  name: 'data',
  about: 'what threads share: ring, queue, structs, map',
  run,
}

async function run({ effort, progress }: Context): Promise<SuiteResult> {
  await using travel = new Remote<DataMethods>(MODULE, null)
  await using one = new Remote<DataMethods>(MODULE, null)
  await using five = new Remote<DataMethods>(MODULE, null)
  const measures: Readonly<Record<string, () => Promise<Sample>>> = {
    ...Object.fromEntries(SENDINGS.map((each) => [each.through, () => travelSample(travel, each)])),
    one: () => one.request('structs', { structs: 1 }),
    five: () => five.request('structs', { structs: 5 }),
    map: () => travel.request('map', undefined as never),
  }
  const measure = (name: string) => measures[name]?.() ?? Promise.reject(new RangeError(name))
  progress.say('warming up')
  for (let time = 0; time < WARM_UPS; time++) for (const name of Object.keys(measures)) await measure(name)
  const rounds = await interleave(Object.keys(measures), effort.rounds, progress, measure)
  const values = (name: string, figure: string) => pick(rounds, name, (sample) => sample[figure] ?? Number.NaN)
  return { rows: rows(values), skipped: [], raw: Object.fromEntries(rounds) }
}

async function travelSample(process: Remote<DataMethods>, sending: Sending): Promise<Sample> {
  return { perSecond: await process.request('perSecond', sending) }
}

function rows(values: (name: string, figure: string) => number[]): Row[] {
  const rate = (name: string) => values(name, 'perSecond')
  const ratio = (name: string, figure: string) => medianRatio(values(name, figure), values(name, 'bare'))
  const ns = (what: string, name: string, figure: string): Row => ({
    what,
    value: median(values(name, figure)),
    unit: 'ns',
  })
  return [
    { what: 'ring: 64-byte messages', value: median(rate('ring')), unit: 'messages/s', bound: { atLeast: RING_MIN } },
    { what: 'floor: bare ring of 64-byte slots, spinning', value: median(rate('bare')), unit: 'messages/s' },
    { what: 'ring / floor', value: medianRatio(rate('ring'), rate('bare')), unit: 'x' },
    { what: 'queue: numbers', value: median(rate('queue')), unit: 'numbers/s' },
    { what: 'MessagePort: numbers', value: median(rate('port')), unit: 'numbers/s' },
    { what: 'queue / MessagePort', value: medianRatio(rate('queue'), rate('port')), unit: 'x' },
    ns('floor: bare typed-array read', 'one', 'bare'),
    ...(['one', 'five'] as const).flatMap((name) => [
      {
        what: `field of a row / bare read, structs in use: ${name}`,
        value: ratio(name, 'struct'),
        unit: 'x',
        bound: { atMost: STRUCT_RATIO_MAX },
      },
      { what: `at(index) and its field / bare read, structs in use: ${name}`, value: ratio(name, 'at'), unit: 'x' },
      {
        what: `cursor moved and its field / bare read, structs in use: ${name}`,
        value: ratio(name, 'cursor'),
        unit: 'x',
      },
    ]),
    ns('SharedMap: get of one in 10,000 numbers', 'map', 'sharedGet'),
    ns('Map: get', 'map', 'plainGet'),
    ns('SharedMap: set', 'map', 'sharedSet'),
    ns('Map: set', 'map', 'plainSet'),
  ]
}
