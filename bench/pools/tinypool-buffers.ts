/**
 * tinypool with large arguments: two threads, waiting by Atomics, where it answers soonest with one task at a time.
 */
import { fileURLToPath } from 'node:url'
import { Tinypool } from 'tinypool'
import { POOL_SIZE } from '../tasks/pool.ts'
import type { BufferPoolAdapter } from './buffer-pool.ts'

export const adapter: BufferPoolAdapter = {
  async start() {
    const filename = fileURLToPath(new URL('./tinypool-thread.ts', import.meta.url))
    const pool = new Tinypool({ filename, minThreads: POOL_SIZE, maxThreads: POOL_SIZE, useAtomics: true })
    return {
      shared: (buffer) => pool.run(buffer, { name: 'lengthOf' }) as Promise<number>,
      moved: (buffer) => pool.run(buffer, { name: 'moveBack', transferList: [buffer] }) as Promise<ArrayBuffer>,
      copied: (buffer) => pool.run(buffer, { name: 'lengthOf' }) as Promise<number>,
      close: () => pool.destroy(),
    }
  },
}
