/**
 * Suite `job`: the main job, as `npm start` runs it, and the speed-up that it prints.
 *
 * The example measures itself: interleaved runs of one process and of its members over the same files, with a warm
 * cache and nobody killed. Here it is only run several times, so that its promise stands beside the others. The bound
 * is one for two cores; with more it is easy, with one it cannot be kept.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { median } from '../harness/statistics.ts'
import type { Context, Suite, SuiteResult } from '../harness/suite.ts'

const EXAMPLE = fileURLToPath(new URL('../../examples/index-files/main.ts', import.meta.url))
const SPEED_UP_MIN = 1.4

interface Run {
  readonly speedUp: number
  /** Calls that the killed member had, and that ran again elsewhere. */
  readonly interrupted: number
  readonly wholeMs: number
}

export const jobSuite: Suite = {
  name: 'job',
  about: 'the main job over the installed packages: speed-up without the kill, calls interrupted by it',
  run,
}

async function run(context: Context): Promise<SuiteResult> {
  const runs: Run[] = []
  for (let round = 0; round < context.effort.rounds; round++) runs.push(await runOnce())
  const of = (pick: (one: Run) => number): number => median(runs.map(pick))
  return {
    rows: [
      {
        what: 'speed-up on this machine’s cores',
        value: of((one) => one.speedUp),
        unit: 'x',
        bound: { atLeast: SPEED_UP_MIN },
      },
      {
        what: 'calls interrupted by the kill',
        value: of((one) => one.interrupted),
        unit: 'calls',
        bound: { atLeast: 1 },
      },
      { what: 'all of it', value: of((one) => one.wholeMs), unit: 'ms', bound: { atMost: 120_000 } },
    ],
    skipped: [],
    raw: runs,
  }
}

async function runOnce(): Promise<Run> {
  const start = performance.now()
  const child = spawn(process.execPath, [EXAMPLE], { stdio: ['ignore', 'pipe', 'ignore'] })
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  if (code !== 0) throw new Error(`the main job ended with ${code}:\n${output}`)
  return {
    speedUp: numberIn(output, /speed-up: (\d+\.\d+) on /),
    interrupted: numberIn(output, /(\d+) calls? interrupted/),
    wholeMs: performance.now() - start,
  }
}

function numberIn(output: string, pattern: RegExp): number {
  const found = pattern.exec(output)?.[1]
  if (found === undefined) throw new Error(`the main job printed nothing like ${pattern}:\n${output}`)
  return Number(found)
}
