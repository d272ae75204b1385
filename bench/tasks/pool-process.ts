/**
 * The process that owns one pool and measures it on request.
 */
import { answer, childArgument } from '../harness/answer.ts'
import { loadAdapter } from '../harness/adapter.ts'
import { type Latency, measureLatency, measureThroughput, type Throughput } from '../harness/load.ts'
import type { PoolAdapter } from './pool.ts'

export interface PoolArgument {
  readonly module: string
  readonly folder: string
  readonly option: string
}

export type PoolMethods = {
  ready(argument: null): boolean
  latency(argument: { durationMs: number }): Promise<Latency>
  throughput(argument: { durationMs: number; inFlight: number }): Promise<Throughput>
}

const { module, folder, option } = childArgument<PoolArgument>()
const pool = await (await loadAdapter<PoolAdapter>(new URL(module))).start(folder, option)
let next = 0

const methods: PoolMethods = {
  ready: () => true,
  latency: ({ durationMs }) => measureLatency(nullTask, durationMs, cpuElsewhere),
  throughput: ({ durationMs, inFlight }) => measureThroughput(nullTask, inFlight, durationMs, cpuElsewhere),
}

answer(methods, () => pool.close())

async function nullTask(): Promise<void> {
  const argument = next++
  if ((await pool.run(argument)) !== argument) throw new Error('the task returned what it was not given')
}

/** Threads count in this process; the suite reports no CPU time, so what other processes use is not asked for. */
async function cpuElsewhere(): Promise<number> {
  return 0
}
