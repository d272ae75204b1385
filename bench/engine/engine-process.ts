/**
 * A process that has the engine open and writes or reads on request.
 *
 * It measures itself: how long each put took, and how late a timer of its main thread came meanwhile. It decides
 * nothing and compares nothing; the suite does.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { answer, childArgument } from '../harness/answer.ts'
import { loadAdapter } from '../harness/adapter.ts'
import { monotonicMs } from '../harness/monotonic.ts'
import { type Latency, measureLatency } from '../harness/load.ts'
import { percentile, sorted } from '../harness/statistics.ts'
import { type EngineAdapter, VALUE_BYTES } from './bench-engine.ts'

/** Keys are rewritten in turn, so that the file's size stays what it is. */
const KEYS = 10_000
const LATE_TIMER_MS = 1

export interface EngineArgument {
  readonly module: string
  readonly folder: string
  /** Tells this process's keys from another's. */
  readonly writer: number
}

export interface Puts {
  readonly puts: number
  readonly putsPerSecond: number
  readonly p50Us: number
  readonly p99Us: number
  readonly maxMs: number
  /** How late a timer of the main thread came meanwhile, p99.9. */
  readonly lateP999Ms: number
}

export type EngineMethods = {
  ready(argument: null): boolean
  /** Keeps `inFlight` puts in flight for `durationMs`, from `startAtMs` of the system's clock on. */
  puts(argument: { inFlight: number; durationMs: number; startAtMs: number }): Promise<Puts>
  reads(argument: { durationMs: number }): Promise<Latency>
  /** Puts a key once; resolves to when that was begun, by the machine's monotonic clock. */
  touch(argument: { key: string }): Promise<number>
  /** Puts a key that goes when this process dies. */
  hold(argument: { key: string }): Promise<void>
  follow(argument: { prefix: string }): Promise<void>
  /** When the next change of a followed key was seen, by the same clock. Ask before it happens. */
  seen(argument: { key: string }): Promise<number>
}

const { module, folder, writer } = childArgument<EngineArgument>()
const engine = await (await loadAdapter<EngineAdapter>(new URL(module))).open(folder)
let next = 0
/** One for each request that waits. */
const awaited = new Map<string, (atMs: number) => void>()

const methods: EngineMethods = {
  ready: () => true,
  puts: async ({ inFlight, durationMs, startAtMs }) => {
    await delay(Math.max(0, startAtMs - Date.now()))
    return measurePuts(inFlight, durationMs)
  },
  reads: async ({ durationMs }) => {
    const key = keyOf(0)
    await engine.put(key, new Uint8Array(VALUE_BYTES))
    return measureLatency(
      () => present(key),
      durationMs,
      async () => 0,
    )
  },
  touch: async ({ key }) => {
    const atMs = monotonicMs()
    await engine.put(key, Buffer.alloc(VALUE_BYTES, next++ % 256))
    return atMs
  },
  hold: async ({ key }) => {
    if (engine.hold === undefined) throw new Error('this engine knows no leases')
    await engine.hold(key)
  },
  follow: async ({ prefix }) => {
    if (engine.follow === undefined) throw new Error('this engine has no watch')
    await engine.follow(prefix, (key) => {
      awaited.get(key)?.(monotonicMs())
      awaited.delete(key)
    })
  },
  seen: ({ key }) => new Promise((resolve) => awaited.set(key, resolve)),
}

answer(methods, () => engine.close())

async function measurePuts(inFlight: number, durationMs: number): Promise<Puts> {
  const waitsUs: number[] = []
  const lateness = watchLateness()
  const start = performance.now()
  const end = start + durationMs
  const loop = async (): Promise<void> => {
    for (let before = performance.now(); before < end; ) {
      await engine.put(keyOf(next++ % KEYS), Buffer.alloc(VALUE_BYTES, next % 256))
      const after = performance.now()
      waitsUs.push((after - before) * 1000)
      before = after
    }
  }
  await Promise.all(Array.from({ length: inFlight }, loop))
  const elapsedS = (performance.now() - start) / 1000
  const lateP999Ms = percentile(sorted(lateness()), 0.999)
  const ascending = sorted(waitsUs)
  return {
    puts: waitsUs.length,
    putsPerSecond: waitsUs.length / elapsedS,
    p50Us: percentile(ascending, 0.5),
    p99Us: percentile(ascending, 0.99),
    maxMs: percentile(ascending, 1) / 1000,
    lateP999Ms,
  }
}

/** Sets a timer again and again; the function that it returns ends that and gives how late each one came, in milliseconds. */
function watchLateness(): () => number[] {
  const late: number[] = []
  let armedAt = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    late.push(Math.max(0, now - armedAt - LATE_TIMER_MS))
    armedAt = now
  }, LATE_TIMER_MS)
  return () => {
    clearInterval(timer)
    late.push(Math.max(0, performance.now() - armedAt - LATE_TIMER_MS))
    return late
  }
}

async function present(key: string): Promise<void> {
  if ((await engine.get(key)) === undefined) throw new Error('what was put is not there')
}

function keyOf(index: number): string {
  return `bench/${writer}/${index}`
}
