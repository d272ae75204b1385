/**
 * Measured process: honest members, each of which makes one call after another; the latencies of all of them together.
 *
 * Between two calls each rests, so that they leave most of the machine to the attacker.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { join } from '../../src/cardumen.ts'
import { NULL_CALL } from '../calls/contender.ts'
import { answer, childArgument } from '../harness/answer.ts'
import { percentile } from '../harness/statistics.ts'
import { FloodedService, servers } from './flooded-service.ts'

const HONEST_MEMBERS = 4
const REST_MS = 1

export interface HonestLatency {
  readonly calls: number
  readonly failed: number
  readonly medianUs: number
  readonly p99Us: number
}

export type HonestMethods = {
  latency(argument: { readonly durationMs: number }): Promise<HonestLatency>
}

const home = childArgument<string>()
const [server] = servers
const systems = await Promise.all(Array.from({ length: HONEST_MEMBERS }, () => join({ home })))

async function latency({ durationMs }: { readonly durationMs: number }): Promise<HonestLatency> {
  const samples: number[] = []
  let failed = 0
  const end = performance.now() + durationMs
  const work = systems.map(async (system) => {
    const client = system.open(FloodedService, server)
    for (let before = performance.now(); before < end; before = performance.now()) {
      try {
        await client.echo(NULL_CALL)
        samples.push((performance.now() - before) * 1_000)
      } catch {
        failed++
      }
      await delay(REST_MS)
    }
  })
  await Promise.all(work)
  const ascending = Float64Array.from(samples).sort()
  return {
    calls: samples.length,
    failed,
    medianUs: percentile(ascending, 0.5),
    p99Us: percentile(ascending, 0.99),
  }
}

const methods: HonestMethods = { latency }

answer(methods, async () => {
  await Promise.all(systems.map((system) => system.close()))
})
