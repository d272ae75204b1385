/** Measures rings, queues, structs and maps, in a process of their own. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { SharedMap } from '../../src/threads.ts'
import { answer } from '../harness/answer.ts'
import type { Sending } from './peer-thread.ts'
import { bareReadNs, madeReadNs, structReadNs } from './struct-loops.ts'

/** A slice of some 200 µs each, shorter than the system lets a thread run; what disturbs one only makes it longer. */
const STRUCT_SLICES = 30
const STRUCT_ROUNDS = 200
const MAP_KEYS = 10_000
const MAP_ROUNDS = 20

const reader = new Worker(new URL('./reader-thread.ts', import.meta.url))
const shared = new SharedMap({ capacity: MAP_KEYS, keys: 'numbers', values: 'numbers' })
const plain = new Map<number, number>()

const methods = {
  /** Messages or numbers a second from one thread to the other. */
  async perSecond(sending: Sending) {
    reader.postMessage(sending)
    const [ms] = (await once(reader, 'message')) as [number]
    return sending.count / (ms / 1_000)
  },

  /** Nanoseconds a read, each of its fastest slice. With one struct this must be asked first, in a fresh process. */
  structs({ structs }: { structs: number }) {
    const fastest = { struct: Infinity, bare: Infinity, at: Infinity, cursor: Infinity }
    for (let slice = 0; slice < STRUCT_SLICES; slice++) {
      fastest.struct = Math.min(fastest.struct, structReadNs(structs, STRUCT_ROUNDS))
      fastest.bare = Math.min(fastest.bare, bareReadNs(STRUCT_ROUNDS))
      const { at, cursor } = madeReadNs(STRUCT_ROUNDS)
      fastest.at = Math.min(fastest.at, at)
      fastest.cursor = Math.min(fastest.cursor, cursor)
    }
    return fastest
  },

  map() {
    return {
      sharedSet: nsPerKey((key) => void shared.set(key, key)),
      sharedGet: nsPerKey((key) => void shared.get(key)),
      plainSet: nsPerKey((key) => void plain.set(key, key)),
      plainGet: nsPerKey((key) => void plain.get(key)),
    }
  },
}

export type DataMethods = typeof methods

function nsPerKey(use: (key: number) => void): number {
  const start = performance.now()
  for (let round = 0; round < MAP_ROUNDS; round++) for (let key = 0; key < MAP_KEYS; key++) use(key)
  return ((performance.now() - start) * 1e6) / (MAP_ROUNDS * MAP_KEYS)
}

answer(methods, async () => void (await reader.terminate()))
