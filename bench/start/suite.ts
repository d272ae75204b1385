/**
 * Suite `start`: from `up` with four members to the first answered call, and what an idle member costs.
 *
 * Beside it an idle Node process that does nothing: below its figures nothing written in Node can get.
 */
import type { ChildProcess } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { loadAdapter } from '../harness/adapter.ts'
import { canObserve, cpuMs, residentMb, startIdleNode, stop } from '../harness/processes.ts'
import { interleave, pick, type Rounds } from '../harness/rounds.ts'
import { median } from '../harness/statistics.ts'
import type { Bound, Context, Row, Suite, SuiteResult } from '../harness/suite.ts'
import type { StartAdapter } from './start-adapter.ts'

const MEMBERS = 4
/** What is still settling is not idle: a member ends the thread of the first call after 10 s without work. */
const SETTLE_MS = 13_000
const START_MS_MAX = 1_500
const RESIDENT_MB_MAX = 90
const IDLE_CPU_PERCENT_MAX = 0.5

const BARE = 'bare Node process'
const OURS = 'cardumen'

interface Sample {
  readonly startMs: number
  /** Of the largest and the busiest member; undefined where the system does not tell. */
  readonly residentMb: number | undefined
  readonly idleCpuPercent: number | undefined
}

export const startSuite: Suite = {
  name: 'start',
  about: 'four members up to the first answered call; what an idle member costs',
  run,
}

async function run(context: Context): Promise<SuiteResult> {
  const adapter = await loadAdapter<StartAdapter>(new URL('../cardumen/start.ts', import.meta.url))
  const names = [BARE, OURS]
  let folders = 0
  const rounds = await interleave(names, context.effort.rounds, context.progress, async (name) => {
    if (name === BARE) return sampleBare(context.effort.idleMs)
    const folder = join(context.diskFolder, String(folders++))
    await mkdir(folder)
    return sampleOurs(adapter, folder, context.effort.idleMs)
  })
  const skipped: string[] = []
  if (!canObserve) skipped.push('memory and CPU time of processes: only Linux tells them')
  return { rows: names.flatMap((name) => figures(rounds, name)), skipped, raw: Object.fromEntries(rounds) }
}

async function sampleBare(idleMs: number): Promise<Sample> {
  const start = performance.now()
  const child: ChildProcess = await startIdleNode()
  const startMs = performance.now() - start
  try {
    return { startMs, ...(await observeIdle([child.pid as number], idleMs)) }
  } finally {
    await stop(child)
  }
}

async function sampleOurs(adapter: StartAdapter, folder: string, idleMs: number): Promise<Sample> {
  const start = performance.now()
  try {
    await adapter.up(folder, MEMBERS)
    const firstCall = await adapter.firstCall(folder)
    const startMs = performance.now() - start
    await firstCall.close()
    const { pids } = firstCall
    if (pids.length < MEMBERS) throw new Error(`${pids.length} members are up, ${MEMBERS} were asked for`)
    return { startMs, ...(await observeIdle(pids, idleMs)) }
  } finally {
    await adapter.down(folder)
  }
}

async function observeIdle(pids: readonly number[], idleMs: number): Promise<Omit<Sample, 'startMs'>> {
  if (!canObserve) return { residentMb: undefined, idleCpuPercent: undefined }
  await delay(SETTLE_MS)
  const before = pids.map(cpuMs)
  const start = performance.now()
  await delay(idleMs)
  const elapsedMs = performance.now() - start
  const percent = pids.map((pid, index) => ((cpuMs(pid) - (before[index] ?? 0)) / elapsedMs) * 100)
  return { residentMb: Math.max(...pids.map(residentMb)), idleCpuPercent: Math.max(...percent) }
}

function figures(rounds: Rounds<Sample>, name: string): Row[] {
  const bounded = name === OURS
  const figure = (what: string, unit: string, values: readonly (number | undefined)[], bound: Bound): Row[] => {
    const known = values.filter((value) => value !== undefined)
    if (known.length === 0) return []
    return [{ what: `${name}: ${what}`, value: median(known), unit, ...(bounded ? { bound } : {}) }]
  }
  const started = bounded ? `up with ${MEMBERS} members to the first answered call` : 'to its first output'
  return [
    ...figure(
      started,
      'ms',
      pick(rounds, name, (one) => one.startMs),
      { atMost: START_MS_MAX },
    ),
    ...figure('idle, resident (the largest)', 'MB', results(rounds, name, 'residentMb'), { atMost: RESIDENT_MB_MAX }),
    ...figure('idle, CPU (the busiest)', '% of a core', results(rounds, name, 'idleCpuPercent'), {
      atMost: IDLE_CPU_PERCENT_MAX,
    }),
  ]
}

function results(rounds: Rounds<Sample>, name: string, key: 'residentMb' | 'idleCpuPercent'): (number | undefined)[] {
  return (rounds.get(name) ?? []).map((sample) => sample[key])
}
