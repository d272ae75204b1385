/**
 * What 100,000 capabilities and a directory of 10,000 names add to the member that holds and serves them.
 *
 * A second member, in a system of its own, holds 100 and serves 10; the difference of what is resident is the figure,
 * garbage gathered now and then. Capabilities are results of calls, and each directory has been listed once. V8 makes its room
 * for young objects larger with almost any work, by up to 50 MB, and keeps it when it is empty: that would drown the
 * figure, so it is held small in both of the members that the bound is for. How it is where V8 does as it likes stands
 * beside it.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { canObserve, residentMb } from '../harness/processes.ts'
import { Remote } from '../harness/remote.ts'
import { interleave, pick } from '../harness/rounds.ts'
import { median } from '../harness/statistics.ts'
import type { Context, Row, SuiteResult } from '../harness/suite.ts'
import type { CheckedServerMethods } from './checked-server-process.ts'
import type { HolderArgument, HolderMethods } from './holder-process.ts'
import { startMember } from './names.ts'

const MANY: Amount = { capabilities: 100_000, names: 10_000 }
const FEW: Amount = { capabilities: 100, names: 10 }
const DIRECTORY = '/wide'
const ROUNDS = 3
const ADDED_MB_MAX = 60
const WHAT = '100,000 capabilities and 10,000 names'

/** What is said to Node about its young objects. */
const ROOMS: Readonly<Record<string, string>> = {
  'young objects held small': '--max-semi-space-size=1',
  'young objects as V8 likes': '',
}

interface Amount {
  readonly capabilities: number
  readonly names: number
}

interface Sizes {
  readonly residentMb: number
  readonly heapMb: number
}

export async function measureMemory({ progress }: Context, folder: string): Promise<SuiteResult> {
  if (!canObserve) return { rows: [], skipped: ['memory: resident sizes are read from /proc'], raw: undefined }
  let homes = 0
  const rooms = Object.keys(ROOMS)
  const rounds = await interleave(rooms, ROUNDS, progress, async (room) => {
    const few = await sizesWith(join(folder, String(homes++)), FEW, ROOMS[room] ?? '')
    const many = await sizesWith(join(folder, String(homes++)), MANY, ROOMS[room] ?? '')
    return { residentMb: many.residentMb - few.residentMb, heapMb: many.heapMb - few.heapMb }
  })
  const row = (room: string, what: string, size: (added: Sizes) => number): Row => ({
    what: `${WHAT}${what}`,
    value: median(pick(rounds, room, size)),
    unit: 'MB',
  })
  const [small = '', usual = ''] = rooms
  const rows = [
    { ...row(small, ': resident', (added) => added.residentMb), bound: { atMost: ADDED_MB_MAX } },
    row(small, ': of that on the heap', (added) => added.heapMb),
    row(usual, `, ${usual}`, (added) => added.residentMb),
  ]
  return { rows, skipped: [], raw: Object.fromEntries(rounds) }
}

async function sizesWith(home: string, { capabilities, names }: Amount, nodeOptions: string): Promise<Sizes> {
  await mkdir(home, { recursive: true })
  await fillDirectory(home, names)
  await using issuer = new Remote<CheckedServerMethods>(new URL('./checked-server-process.ts', import.meta.url), home)
  const argument: HolderArgument = { home, issuer: (await issuer.request('offered', null)).checked }
  const environment = { NODE_OPTIONS: nodeOptions }
  await using holder = new Remote<HolderMethods>(new URL('./holder-process.ts', import.meta.url), argument, {
    environment,
  })
  const listed = await holder.request('list', { directory: DIRECTORY })
  const held = await holder.request('hold', { capabilities })
  if (listed !== names || held !== capabilities) throw new Error('the member holds less than it should')
  const heapMb = (await holder.request('heapBytes', null)) / 1e6
  return { residentMb: residentMb(holder.pid), heapMb }
}

/** By a member that has left when this resolves: what entering takes is not the figure. */
async function fillDirectory(home: string, names: number): Promise<void> {
  await using filler = startMember({ home, serves: true })
  await filler.request('fill', { directory: DIRECTORY, names })
}
