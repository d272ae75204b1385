/**
 * Suite `processes`: what it costs to make a process, and each way in which two processes communicate: a trip of 8 bytes there and a
 * short answer back, and many bytes.
 *
 * The table in docs/processes.md is filled in from here. A way that wakes nobody (files, registers) is measured as it is used: by looking.
 * The locks are taken and given back by one process that has them to itself.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import process from 'node:process'
import { BakeryLock, FileLock, Lock, Process } from '../../src/threads.ts'
import { interleave, pick, type Progress, type Rounds } from '../harness/rounds.ts'
import { median } from '../harness/statistics.ts'
import type { Context, Effort, Row, Suite, SuiteResult } from '../harness/suite.ts'
import { type Line, type Way, WAYS } from './ways.ts'

const TRIP_BYTES = 8
const LOCK_ROUNDS = 2_000
const STARTS = 5
const partners = new URL('./partners.ts', import.meta.url)

interface Sample {
  readonly tripUs: number
  readonly megabytesPerSecond: number | undefined
}

export const processesSuite: Suite = {
  name: 'processes',
  about: 'making processes, and the ways in which two of them communicate',
  run,
}

async function run({ effort, folder, progress }: Context): Promise<SuiteResult> {
  const starts = await measureStarts(effort, progress)
  const rounds = new Map<string, Sample[]>()
  for (const way of WAYS) {
    progress.say(way.name)
    rounds.set(way.name, await measureWay(way, effort, folder))
  }
  const locks = await measureLocks(effort, folder, progress)
  const rows = [...startRows(starts), ...WAYS.flatMap(({ name }) => wayRows(rounds, name)), ...lockRows(locks)]
  return { rows, skipped: [], raw: { starts: Object.fromEntries(starts), ways: Object.fromEntries(rounds) } }
}

/** Milliseconds from the start of one to its end, with nothing to do between. */
function measureStarts(effort: Effort, progress: Progress): Promise<Rounds<number>> {
  const starts: Readonly<Record<string, () => Promise<unknown>>> = {
    'a bare node': () => once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'exit'),
    'a Process': () => {
      const one = new Process(partners, 'nothing')
      one.start()
      return one.join()
    },
  }
  return interleave(Object.keys(starts), effort.rounds, progress, async (name) => {
    const startedMs = performance.now()
    for (let count = 0; count < STARTS; count++) await starts[name]?.()
    return (performance.now() - startedMs) / STARTS
  })
}

async function measureWay(way: Way, effort: Effort, folder: string): Promise<Sample[]> {
  const trips = await costsOf(way, TRIP_BYTES, effort, folder)
  const { blockBytes } = way
  const blocks = blockBytes === undefined ? undefined : await costsOf(way, blockBytes, effort, folder)
  return trips.map((tripUs, round) => ({
    tripUs,
    megabytesPerSecond: blocks === undefined ? undefined : (blockBytes ?? 0) / (blocks[round] ?? Number.NaN),
  }))
}

/** Microseconds of an exchange, in each round. */
async function costsOf(way: Way, unit: number, effort: Effort, folder: string): Promise<number[]> {
  const line = await way.open(unit, folder)
  try {
    await costOf(line, effort.warmUpMs / 2)
    const costs: number[] = []
    for (let round = 0; round < effort.rounds; round++) costs.push(await costOf(line, effort.latencyMs))
    return costs
  } finally {
    await line.close()
  }
}

async function costOf(line: Line, durationMs: number): Promise<number> {
  const startedMs = performance.now()
  let count = 0
  for (; performance.now() - startedMs < durationMs; count++) await line.exchange()
  return (1000 * (performance.now() - startedMs)) / count
}

/** Microseconds of acquiring and releasing, in a process that did not make the lock. */
async function measureLocks(effort: Effort, folder: string, progress: Progress): Promise<Rounds<number>> {
  const lock = new Lock()
  using file = new FileLock(join(folder, 'only.lock'))
  using bakery = new BakeryLock({ customers: 2, processes: true })
  const costs: Readonly<Record<string, () => Promise<number>>> = {
    'Lock, by way of its home': () => inProcess('costOfLock', lock),
    FileLock: () => inProcess('costOfFileLock', file),
    'BakeryLock of 2 customers': () => inProcess('costOfBakery', bakery),
  }
  try {
    return await interleave(Object.keys(costs), Math.min(effort.rounds, 3), progress, (name) =>
      (costs[name] as () => Promise<number>)(),
    )
  } finally {
    lock.close()
  }
}

function inProcess(functionName: string, lock: Lock | FileLock | BakeryLock): Promise<number> {
  const one = new Process<number>(partners, functionName, { args: [lock, LOCK_ROUNDS] })
  one.start()
  return one.join()
}

function startRows(starts: Rounds<number>): Row[] {
  return [...starts].map(([name, costs]) => ({ what: `${name}: start to end`, value: median(costs), unit: 'ms' }))
}

function wayRows(rounds: Rounds<Sample>, name: string): Row[] {
  const trip = {
    what: `${name}: there and back`,
    value: median(pick(rounds, name, ({ tripUs }) => tripUs)),
    unit: 'us',
  }
  const speeds = pick(rounds, name, ({ megabytesPerSecond }) => megabytesPerSecond ?? 0)
  return speeds[0] === 0 ? [trip] : [trip, { what: `${name}: many bytes`, value: median(speeds), unit: 'MB/s' }]
}

function lockRows(locks: Rounds<number>): Row[] {
  return [...locks].map(([name, costs]) => ({ what: `${name}: acquire and release`, value: median(costs), unit: 'us' }))
}
