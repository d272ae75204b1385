/**
 * Our side of `pools` with large arguments.
 */
import { Pool } from '../../src/threads.ts'
import type { BufferPoolAdapter } from '../pools/buffer-pool.ts'
import { POOL_SIZE } from '../tasks/pool.ts'

export const adapter: BufferPoolAdapter = {
  async start() {
    const pool = new Pool(new URL('./buffer-thread.ts', import.meta.url), { threads: POOL_SIZE })
    const { lengthOf, moveBack } = pool.functions<typeof import('./buffer-thread.ts')>()
    return {
      shared: (buffer) => lengthOf(buffer),
      moved: (buffer) => moveBack.with({ transfer: [buffer] })(buffer),
      copied: (buffer) => lengthOf(buffer),
      close: () => pool.close(),
    }
  },
}
