/**
 * The client's process of one contender: it starts the server's process, connects to it, and measures on request.
 *
 * Every answer is looked at, so that a contender that loses or mixes up calls fails instead of winning.
 */
import { answer, childArgument } from '../harness/answer.ts'
import { type Latency, measureLatency, measureThroughput, type Throughput } from '../harness/load.ts'
import { Remote } from '../harness/remote.ts'
import { type Caller, type Echo, NULL_CALL } from './contender.ts'
import { loadContender, type Pairing } from './pairing.ts'
import type { ServerMethods } from './server-process.ts'

const MIB = 2 ** 20

export type ClientMethods = {
  ready(argument: null): boolean
  latency(argument: { durationMs: number }): Promise<Latency>
  throughput(argument: { durationMs: number; inFlight: number }): Promise<Throughput>
  /** Echoes bytes one message after another; the answer is in MiB a second, counted one way. */
  bulk(argument: { durationMs: number; sizeBytes: number }): Promise<number>
  /** Small calls one after another while messages of `sizeBytes` are echoed one after another. */
  latencyUnderBulk(argument: {
    durationMs: number
    sizeBytes: number
  }): Promise<Latency & { readonly bulkMibPerSecond: number }>
}

const pairing = childArgument<Pairing>()
const server = new Remote<ServerMethods>(new URL('./server-process.ts', import.meta.url), pairing)
const caller = await (await loadContender(pairing)).connect(pairing.setting, await server.request('address', null))
const cpuElsewhere = (): Promise<number> => server.request('cpuUs', null)

const methods: ClientMethods = {
  ready: () => true,
  latency: ({ durationMs }) => measureLatency(nullCall, durationMs, cpuElsewhere),
  throughput: ({ durationMs, inFlight }) => measureThroughput(nullCall, inFlight, durationMs, cpuElsewhere),
  bulk: ({ durationMs, sizeBytes }) => {
    const end = performance.now() + durationMs
    return echoBulk(caller, sizeBytes, () => performance.now() < end)
  },
  latencyUnderBulk: async ({ durationMs, sizeBytes }) => {
    let flowing = true
    const flow = echoBulk(caller, sizeBytes, () => flowing)
    const latency = await measureLatency(nullCall, durationMs, cpuElsewhere)
    flowing = false
    return { ...latency, bulkMibPerSecond: await flow }
  },
}

answer(methods, async () => {
  await caller.close()
  await server.close()
})

async function nullCall(): Promise<Echo> {
  const result = await caller.call(NULL_CALL)
  if (result.text.length !== NULL_CALL.text.length) throw new Error('the answer is not what was sent')
  return result
}

async function echoBulk(through: Caller, sizeBytes: number, goOn: () => boolean): Promise<number> {
  if (through.bulk === undefined) throw new Error('this contender echoes no bulk')
  const bytes = Buffer.alloc(sizeBytes, 7)
  const start = performance.now()
  let messages = 0
  do {
    const back = await through.bulk(bytes)
    if (back.length !== sizeBytes || back[sizeBytes - 1] !== 7) throw new Error('the answer is not what was sent')
    messages++
  } while (goOn())
  return (messages * sizeBytes) / MIB / ((performance.now() - start) / 1000)
}
