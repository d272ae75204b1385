/**
 * Measured process: a member that holds capabilities which it got as results, and serves the directory.
 */
import { Capability, join } from '../../src/cardumen.ts'
import { answer, childArgument } from '../harness/answer.ts'
import { gatheredHeapBytes } from '../sim/heap.ts'
import { CheckedService } from './checked-service.ts'

const CAPABILITIES_PER_CALL = 1_000
/** Garbage of so many capabilities lies about at once. */
const GATHER_EVERY = 10_000

export interface HolderArgument {
  readonly home: string
  /** As text; of the service that issues more. */
  readonly issuer: string
}

export type HolderMethods = {
  /** Resolves to how many it holds then. */
  hold(argument: { capabilities: number }): Promise<number>
  /** Resolves to how many names the listing had. */
  list(argument: { directory: string }): Promise<number>
  /** Bytes, once all that nobody holds has been gathered. */
  heapBytes(argument: null): number
}

const { home, issuer } = childArgument<HolderArgument>()
const system = await join({ home })
await system.offerDirectory()
const client = system.open(CheckedService, Capability.parse(issuer))
const held: Capability[] = []

const methods: HolderMethods = {
  hold: async ({ capabilities }) => {
    while (held.length < capabilities) {
      const count = Math.min(CAPABILITIES_PER_CALL, capabilities - held.length)
      held.push(...(await client.issue({ first: held.length + 1, count })))
      if (held.length % GATHER_EVERY === 0) gatheredHeapBytes()
    }
    return held.length
  },
  list: async ({ directory }) => {
    let listed = 0
    for await (const { count } of system.directory.list(directory)) listed += count
    return listed
  },
  heapBytes: () => gatheredHeapBytes(),
}

answer(methods, () => system.close())
