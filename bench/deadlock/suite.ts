/**
 * Suite `deadlock`: what it takes to look for deadlocks in 10,000 waits, and among the waits of this very process.
 *
 * The graphs are checked as the detector checks them, after it has warmed up; the second kind is read from shared memory first,
 * and holds no deadlock, as a process mostly does.
 */
import { checkWaitGraph, findDeadlocks, Lock, type WaitGraph } from '../../src/threads.ts'
import { interleave, pick } from '../harness/rounds.ts'
import { median } from '../harness/statistics.ts'
import type { Context, Row, Suite, SuiteResult } from '../harness/suite.ts'
import { ringsOf } from './waits-graph.ts'

const WAITS = 10_000
const CHECK_MS_MAX = 20
/** Tasks that await, each a lock of its own. */
const TASKS = 1_000
/** Checks in a figure; the figure is their median. */
const CHECKS = 9

const GRAPHS: Readonly<Record<string, WaitGraph>> = {
  [`${WAITS} waits in rings of 2`]: ringsOf(WAITS, 2, false),
  [`${WAITS} waits in rings of 100`]: ringsOf(WAITS, 100, false),
  [`${WAITS} waits in one ring`]: ringsOf(WAITS, WAITS, false),
  [`${WAITS} waits in an open chain`]: ringsOf(WAITS + 1, WAITS + 1, true),
}
const ARENA = `${TASKS} awaited waits of this process, read and checked`

export const deadlockSuite: Suite = {
  name: 'deadlock',
  about: 'looking for deadlocks in 10,000 waits, and in this process',
  run,
}

async function run({ effort, progress }: Context): Promise<SuiteResult> {
  const locks = Array.from({ length: TASKS }, () => new Lock())
  await Promise.all(locks.map((lock) => lock.acquireAsync()))
  const wanted = locks.map((lock) => lock.acquireAsync())
  const checks: Readonly<Record<string, () => unknown>> = {
    ...Object.fromEntries(Object.entries(GRAPHS).map(([name, graph]) => [name, () => checkWaitGraph(graph)])),
    [ARENA]: findDeadlocks,
  }
  for (const check of Object.values(checks)) await warmUp(check, effort.warmUpMs)
  const rounds = await interleave(Object.keys(checks), effort.rounds, progress, (name) => medianMs(checks[name]))
  for (const lock of locks) lock.release()
  await Promise.all(wanted)
  for (const lock of locks) lock.close()
  return {
    rows: Object.keys(checks).map((name) => rowOf(name, median(pick(rounds, name, Number)))),
    skipped: [],
    raw: Object.fromEntries(rounds),
  }
}

async function warmUp(check: () => unknown, warmUpMs: number): Promise<void> {
  const end = performance.now() + warmUpMs
  while (performance.now() < end) await check()
}

async function medianMs(check: (() => unknown) | undefined): Promise<number> {
  const times: number[] = []
  for (let count = 0; count < CHECKS; count++) {
    const start = performance.now()
    await check?.()
    times.push(performance.now() - start)
  }
  return median(times)
}

function rowOf(what: string, value: number): Row {
  return { what, value, unit: 'ms', bound: { atMost: CHECK_MS_MAX } }
}
