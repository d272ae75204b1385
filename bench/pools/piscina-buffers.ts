/**
 * piscina with large arguments: two threads, waiting by Atomics, where it answers soonest with one task at a time.
 */
import { fileURLToPath } from 'node:url'
import { Piscina } from 'piscina'
import { POOL_SIZE } from '../tasks/pool.ts'
import type { BufferPoolAdapter } from './buffer-pool.ts'

export const adapter: BufferPoolAdapter = {
  async start() {
    const filename = fileURLToPath(new URL('./piscina-thread.ts', import.meta.url))
    const pool = new Piscina({ filename, minThreads: POOL_SIZE, maxThreads: POOL_SIZE, atomics: 'sync' })
    return {
      shared: (buffer) => pool.run(buffer, { name: 'lengthOf' }),
      moved: (buffer) => pool.run(buffer, { name: 'moveBack', transferList: [buffer] }),
      copied: (buffer) => pool.run(buffer, { name: 'lengthOf' }),
      close: () => pool.destroy(),
    }
  },
}
