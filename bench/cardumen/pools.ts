/**
 * Our side of `pools`: a pool of two threads over shared memory, and the null task by its name.
 */
import { Pool } from '../../src/threads.ts'
import { POOL_SIZE, type PoolAdapter } from '../tasks/pool.ts'

export const adapter: PoolAdapter = {
  async start() {
    const pool = new Pool(new URL('../tasks/null-task.ts', import.meta.url), { threads: POOL_SIZE })
    return {
      run: (argument) => pool.run('nullTask', argument) as Promise<number>,
      close: () => pool.close(),
    }
  },
}
