/**
 * The process that owns one pool and measures it with large arguments.
 */
import { answer, childArgument } from '../harness/answer.ts'
import { loadAdapter } from '../harness/adapter.ts'
import { type Latency, measureLatency } from '../harness/load.ts'
import { BUFFER_BYTES, type BufferPool, type BufferPoolAdapter, type Way } from './buffer-pool.ts'

export type BufferMethods = {
  latency(argument: { way: Way; durationMs: number }): Promise<Latency>
}

const { module } = childArgument<{ module: string }>()
const pool: BufferPool = await (await loadAdapter<BufferPoolAdapter>(new URL(module))).start()
const kept = new ArrayBuffer(BUFFER_BYTES)
const shared = new SharedArrayBuffer(BUFFER_BYTES)
let moving = new ArrayBuffer(BUFFER_BYTES)

const tasks: Readonly<Record<Way, () => Promise<void>>> = {
  shared: async () => check(await pool.shared(shared)),
  copied: async () => check(await pool.copied(kept)),
  moved: async () => {
    const sent = moving
    moving = await pool.moved(sent)
    if (sent.byteLength !== 0) throw new Error('the buffer was not moved')
    check(moving.byteLength)
  },
}

const methods: BufferMethods = {
  latency: ({ way, durationMs }) => measureLatency(tasks[way], durationMs, async () => 0),
}

answer(methods, () => pool.close())

function check(bytes: number): void {
  if (bytes !== BUFFER_BYTES) throw new Error(`the task saw ${bytes} bytes`)
}
