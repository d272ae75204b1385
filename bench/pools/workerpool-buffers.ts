/**
 * workerpool with large arguments, on two threads.
 */
import { fileURLToPath } from 'node:url'
import workerpool from 'workerpool'
import { POOL_SIZE } from '../tasks/pool.ts'
import type { BufferPoolAdapter } from './buffer-pool.ts'

export const adapter: BufferPoolAdapter = {
  async start() {
    const script = fileURLToPath(new URL('./workerpool-thread.ts', import.meta.url))
    const pool = workerpool.pool(script, { workerType: 'thread', minWorkers: POOL_SIZE, maxWorkers: POOL_SIZE })
    return {
      shared: async (buffer) => (await pool.exec('lengthOf', [buffer])) as number,
      moved: async (buffer) => (await pool.exec('moveBack', [buffer], { transfer: [buffer] })) as ArrayBuffer,
      copied: async (buffer) => (await pool.exec('lengthOf', [buffer])) as number,
      close: async () => {
        await pool.terminate()
      },
    }
  },
}
