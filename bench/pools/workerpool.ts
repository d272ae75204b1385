/**
 * workerpool with two threads. It hands a thread one task at a time and has no setting for more.
 */
import { fileURLToPath } from 'node:url'
import workerpool from 'workerpool'
import { POOL_SIZE, type PoolAdapter } from '../tasks/pool.ts'

export const adapter: PoolAdapter = {
  async start() {
    const script = fileURLToPath(new URL('./workerpool-thread.ts', import.meta.url))
    const pool = workerpool.pool(script, { workerType: 'thread', minWorkers: POOL_SIZE, maxWorkers: POOL_SIZE })
    return {
      run: async (argument) => (await pool.exec('nullTask', [argument])) as number,
      close: async () => {
        await pool.terminate()
      },
    }
  },
}
