/**
 * Measured process: calls the operation of `checked-service.ts` in both ways, in turns so short that whatever the
 * machine does meanwhile meets both, and with capabilities that the server has never seen.
 */
import { Capability, type Client, join } from '../../src/cardumen.ts'
import { NULL_CALL } from '../calls/contender.ts'
import { answer, childArgument } from '../harness/answer.ts'
import { type Call, cpuHereUs, measureThroughput } from '../harness/load.ts'
import { Remote } from '../harness/remote.ts'
import type { CheckedServerMethods } from './checked-server-process.ts'
import { BareService, CheckedService } from './checked-service.ts'

/** Slices of each way in one comparison. */
const SLICES = 8
const HOUR_MS = 3_600_000

export interface Comparison {
  /** Of both processes, in microseconds. */
  readonly checkedCpuUsPerCall: number
  readonly bareCpuUsPerCall: number
}

export type CheckedClientMethods = {
  ready(argument: null): Promise<boolean>
  /** Calls in each way for `durationMs` in all. */
  compare(argument: { inFlight: number; durationMs: number }): Promise<Comparison>
  /** Calls once with each of `count` capabilities of so many caveats, then again; microseconds of CPU more that a first use takes. */
  firstUse(argument: { caveats: number; count: number }): Promise<number>
}

const home = childArgument<string>()
const server = new Remote<CheckedServerMethods>(new URL('./checked-server-process.ts', import.meta.url), home)
const offered = await server.request('offered', null)
const system = await join({ home, name: 'client' })
const wide = Capability.parse(offered.checked)
const narrowed = wide.restrict({ rights: 'read', operations: ['echo'], expiresAt: Date.now() + HOUR_MS })
const ways = {
  checked: callOf(system.open(CheckedService, narrowed)),
  bare: callOf(system.open(BareService, Capability.parse(offered.bare))),
}

const methods: CheckedClientMethods = {
  ready: async () => {
    for (const call of Object.values(ways)) await call()
    return true
  },
  compare: async ({ inFlight, durationMs }) => compare(inFlight, durationMs / SLICES),
  firstUse: async ({ caveats, count }) => {
    const calls = Array.from({ length: count }, (_, index) =>
      callOf(system.open(CheckedService, chain(caveats, index))),
    )
    const first = await cpuUsOf(calls)
    return (first - (await cpuUsOf(calls))) / count
  },
}

answer(methods, async () => {
  await system.close()
  await server.close()
})

/** Checked, bare, bare, checked, and so on: neither is always the one that comes after the other. */
async function compare(inFlight: number, sliceMs: number): Promise<Comparison> {
  const spent = { checked: { calls: 0, cpuUs: 0 }, bare: { calls: 0, cpuUs: 0 } }
  for (let slice = 0; slice < SLICES; slice++) {
    for (const way of slice % 2 === 0 ? (['checked', 'bare'] as const) : (['bare', 'checked'] as const)) {
      const { calls, cpuUsPerCall } = await measureThroughput(ways[way], inFlight, sliceMs, cpuElsewhere)
      spent[way].calls += calls
      spent[way].cpuUs += calls * cpuUsPerCall
    }
  }
  return {
    checkedCpuUsPerCall: spent.checked.cpuUs / spent.checked.calls,
    bareCpuUsPerCall: spent.bare.cpuUs / spent.bare.calls,
  }
}

function callOf(client: Pick<Client<(typeof CheckedService)['operations']>, 'echo'>): Call {
  return async () => {
    const { text } = await client.echo(NULL_CALL)
    if (text.length !== NULL_CALL.text.length) throw new Error('the answer is not what was sent')
  }
}

/** One of which no other has the same first caveat. */
function chain(caveats: number, index: number): Capability {
  let capability = wide.restrict({ expiresAt: Date.now() + HOUR_MS + index })
  for (let caveat = 1; caveat < caveats; caveat++) {
    capability = capability.restrict(caveat % 2 === 0 ? { rights: 'read' } : { operations: ['echo'] })
  }
  return capability
}

async function cpuUsOf(calls: readonly Call[]): Promise<number> {
  const before = cpuHereUs() + (await cpuElsewhere())
  for (const call of calls) await call()
  return cpuHereUs() + (await cpuElsewhere()) - before
}

function cpuElsewhere(): Promise<number> {
  return server.request('cpuUs', null)
}
