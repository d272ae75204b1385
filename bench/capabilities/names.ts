/**
 * What finding a name costs: from memory, from the server, and as one of 10,000 in a listing.
 *
 * One process serves the directory, another asks. What a look-up asks of the engine and of other members is counted in
 * both, over many look-ups, after everything that is timed: for a path of one name and for one of three.
 */
import type { Latency } from '../harness/load.ts'
import { Remote } from '../harness/remote.ts'
import { median } from '../harness/statistics.ts'
import type { Context, Row } from '../harness/suite.ts'
import type { DirectoryArgument, DirectoryMethods } from './directory-process.ts'
import type { Part } from './part.ts'

const NAMES = 10_000
const WIDE = '/wide'
const NAME = { directory: WIDE, path: 'name-5' }
const LOOKED_UP = [
  { what: 'look-up of a name by the server', names: 1, where: NAME },
  { what: 'look-up of a path of three names', names: 3, where: { directory: '/', path: 'one/two/name-5' } },
]
const CACHED_COUNT = 100_000
const COUNTED = 100

const CACHED_US_MAX = 1
const LISTING_MS_MAX = 100

export type DirectoryMember = Remote<DirectoryMethods>

interface Timed {
  readonly cachedUs: number
  readonly uncached: Latency
  readonly listingMs: number
}

interface Work {
  readonly what: string
  readonly requests: number
  readonly readsForName: number
}

export async function measureNames(context: Context, home: string): Promise<Part> {
  const { effort, progress } = context
  progress.say('filling directories')
  await using server = startMember({ home, serves: true })
  await server.request('fill', { directory: WIDE, names: NAMES })
  await server.request('fill', { directory: '/one', names: 1 })
  await server.request('fill', { directory: '/one/two', names: 10 })
  await using client = startMember({ home, serves: false })
  const rounds: Timed[] = []
  await timed(client, effort.warmUpMs)
  for (let round = 1; round <= effort.rounds; round++) {
    progress.say(`round ${round}/${effort.rounds}, looking up and listing`)
    rounds.push(await timed(client, effort.latencyMs))
  }
  for (const member of [server, client]) await member.request('count', null)
  const works: Work[] = []
  for (const lookedUp of LOOKED_UP) works.push(await countedWork(lookedUp, server, client))
  return { rows: [...timedRows(rounds), ...works.flatMap(workRows)], raw: { rounds, works } }
}

export function startMember(argument: DirectoryArgument): DirectoryMember {
  return new Remote(new URL('./directory-process.ts', import.meta.url), argument)
}

async function timed(client: DirectoryMember, durationMs: number): Promise<Timed> {
  return {
    cachedUs: await client.request('lookUpCached', { ...NAME, count: CACHED_COUNT }),
    uncached: await client.request('lookUp', { ...NAME, durationMs }),
    listingMs: await client.request('list', { directory: WIDE, names: NAMES }),
  }
}

async function countedWork(
  { what, names, where }: (typeof LOOKED_UP)[number],
  server: DirectoryMember,
  client: DirectoryMember,
): Promise<Work> {
  const sum = async (): Promise<{ reads: number; requests: number }> => {
    const both = [await server.request('counted', null), await client.request('counted', null)]
    return {
      reads: both.reduce((reads, one) => reads + one.engineReads, 0),
      requests: both.reduce((requests, one) => requests + one.requests, 0),
    }
  }
  await client.request('lookUpTimes', { ...where, count: 1 })
  const before = await sum()
  await client.request('lookUpTimes', { ...where, count: COUNTED })
  const after = await sum()
  return {
    what,
    requests: (after.requests - before.requests) / COUNTED,
    readsForName: (after.reads - before.reads) / COUNTED / names,
  }
}

function timedRows(rounds: readonly Timed[]): Row[] {
  const listings = rounds.map((round) => round.listingMs)
  return [
    {
      what: 'look-up of a name in memory',
      value: median(rounds.map((round) => round.cachedUs)),
      unit: 'us',
      bound: { atMost: CACHED_US_MAX },
    },
    {
      what: 'look-up of a name by the server, median',
      value: median(rounds.map((round) => round.uncached.medianUs)),
      unit: 'us',
    },
    {
      what: 'look-up of a name by the server, p99',
      value: median(rounds.map((round) => round.uncached.p99Us)),
      unit: 'us',
    },
    {
      what: 'listing 10,000 names, median',
      value: median(listings),
      unit: 'ms',
      bound: { atMost: LISTING_MS_MAX },
    },
    { what: 'listing 10,000 names, longest', value: Math.max(...listings), unit: 'ms' },
  ]
}

function workRows({ what, requests, readsForName }: Work): Row[] {
  return [
    { what: `${what}: calls`, value: requests, unit: '', bound: { atMost: 1 } },
    { what: `${what}: engine reads for each name`, value: readsForName, unit: '', bound: { atMost: 1 } },
  ]
}
