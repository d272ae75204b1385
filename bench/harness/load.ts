/**
 * The load: calls one after another for latency, and many in flight for throughput.
 *
 * Both run for a time, not for a count, so that a slow contender and a fast one cost the bench the same.
 * CPU time is read before and after, in this process and wherever else the call is worked on (`cpuElsewhere`),
 * because waking another core hides cost in a latency.
 */
import { percentile } from './statistics.ts'

/** More samples than a run can produce at 3 us a call in 6 s; what would exceed it ends the run. */
const SAMPLES_MAX = 2_000_000

export type Call = () => Promise<unknown>

/** CPU microseconds that all other processes of this contender have used since they started. */
export type CpuElsewhere = () => Promise<number>

export interface Latency {
  readonly calls: number
  readonly medianUs: number
  readonly p99Us: number
  readonly cpuUsPerCall: number
}

export interface Throughput {
  readonly calls: number
  readonly callsPerSecond: number
  readonly cpuUsPerCall: number
}

export function cpuHereUs(): number {
  const usage = process.cpuUsage()
  return usage.user + usage.system
}

/** Calls one after another for `durationMs`. */
export async function measureLatency(call: Call, durationMs: number, cpuElsewhere: CpuElsewhere): Promise<Latency> {
  const samples = new Float64Array(SAMPLES_MAX)
  const cpuBeforeUs = cpuHereUs() + (await cpuElsewhere())
  const end = performance.now() + durationMs
  let count = 0
  let before = performance.now()
  while (before < end && count < SAMPLES_MAX) {
    await call()
    const after = performance.now()
    samples[count++] = (after - before) * 1000
    before = after
  }
  const cpuUs = cpuHereUs() + (await cpuElsewhere()) - cpuBeforeUs
  const ascending = samples.subarray(0, count).sort()
  return {
    calls: count,
    medianUs: percentile(ascending, 0.5),
    p99Us: percentile(ascending, 0.99),
    cpuUsPerCall: cpuUs / count,
  }
}

/** Keeps `inFlight` calls in flight for `durationMs`; each loop starts its next call when its last was answered. */
export async function measureThroughput(
  call: Call,
  inFlight: number,
  durationMs: number,
  cpuElsewhere: CpuElsewhere,
): Promise<Throughput> {
  const cpuBeforeUs = cpuHereUs() + (await cpuElsewhere())
  const start = performance.now()
  const end = start + durationMs
  let calls = 0
  const loop = async (): Promise<void> => {
    while (performance.now() < end) {
      await call()
      calls++
    }
  }
  await Promise.all(Array.from({ length: inFlight }, loop))
  const elapsedS = (performance.now() - start) / 1000
  const cpuUs = cpuHereUs() + (await cpuElsewhere()) - cpuBeforeUs
  return { calls, callsPerSecond: calls / elapsedS, cpuUsPerCall: cpuUs / calls }
}
