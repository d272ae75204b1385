/** The other thread of the ring, the queue and the port: it sends what it is asked to. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { BoundedQueue, Ring } from '../../src/threads.ts'
import { bareWrite } from './bare-ring.ts'
import { QUEUE_CAPACITY, RING_BYTES } from './sizes.ts'

export type Sending = { readonly through: 'ring' | 'bare' | 'queue' | 'port'; readonly count: number }

export interface PeerData {
  readonly ring: SharedArrayBuffer
  readonly queue: SharedArrayBuffer
  readonly bare: SharedArrayBuffer
  readonly port: MessagePort
}

const data = workerData as PeerData
const ring = new Ring({ capacityBytes: RING_BYTES, memory: data.ring })
const queue = BoundedQueue.ofNumbers({ capacity: QUEUE_CAPACITY, memory: data.queue })
const message = new Uint8Array(64).fill(7)

const senders: Readonly<Record<Sending['through'], (count: number) => void>> = {
  ring(count) {
    for (let sent = 0; sent < count; sent++) ring.write(message)
  },
  bare(count) {
    new Int32Array(data.bare).fill(0, 0, 32)
    Atomics.store(new Int32Array(data.bare), 31, 1)
    bareWrite(data.bare, count)
  },
  queue(count) {
    for (let sent = 0; sent < count; sent++) queue.put(sent)
  },
  port(count) {
    for (let sent = 0; sent < count; sent++) data.port.postMessage(sent)
  },
}

parentPort?.on('message', ({ through, count }: Sending) => senders[through](count))
