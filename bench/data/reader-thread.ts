/** The thread that receives, and times it: blocking reads are for threads, so it is one itself. */
import { MessageChannel, parentPort, Worker } from 'node:worker_threads'
import { BoundedQueue, Ring } from '../../src/threads.ts'
import { bareRead, bareRingBytes } from './bare-ring.ts'
import type { PeerData, Sending } from './peer-thread.ts'
import { QUEUE_CAPACITY, RING_BYTES } from './sizes.ts'

const ringMemory = new SharedArrayBuffer(Ring.bytesNeeded(RING_BYTES))
const ring = new Ring({ capacityBytes: RING_BYTES, memory: ringMemory })
const queueMemory = new SharedArrayBuffer(BoundedQueue.bytesNeeded(QUEUE_CAPACITY))
const queue = BoundedQueue.ofNumbers({ capacity: QUEUE_CAPACITY, memory: queueMemory })
const bare = new SharedArrayBuffer(bareRingBytes)
const { port1, port2 } = new MessageChannel()
const peer = new Worker(new URL('./peer-thread.ts', import.meta.url), {
  workerData: { ring: ringMemory, queue: queueMemory, bare, port: port2 } satisfies PeerData,
  transferList: [port2],
})
const message = new Uint8Array(64)

const receivers: Readonly<Record<Sending['through'], (count: number) => number | Promise<number>>> = {
  ring: (count) => timed(count, () => void ring.read(message), 1),
  bare(count) {
    const words = new Int32Array(bare)
    while (Atomics.load(words, 31) === 0);
    Atomics.store(words, 31, 0)
    const start = performance.now()
    bareRead(bare, count)
    return performance.now() - start
  },
  queue: (count) => timed(count, () => void queue.take(), 1),
  port: (count) =>
    new Promise((resolve) => {
      let start = 0
      let received = 0
      port1.on('message', () => {
        if (received++ === 0) start = performance.now()
        if (received < count) return
        port1.removeAllListeners('message')
        resolve(performance.now() - start)
      })
    }),
}

/** From the first one on, so that the peer's waking up does not count. */
function timed(count: number, receive: () => void, first: number): number {
  receive()
  const start = performance.now()
  for (let received = first; received < count; received++) receive()
  return performance.now() - start
}

parentPort?.on('message', (sending: Sending) => void receive(sending))

async function receive(sending: Sending): Promise<void> {
  peer.postMessage(sending)
  const ms = await receivers[sending.through](sending.count)
  parentPort?.postMessage(ms)
}
