/**
 * tinypool with two threads: as it comes, and tuned as its documentation knows how.
 *
 * The option is 'default', 'queued' (32 tasks may wait at each thread) or 'atomics' (the same, and an idle thread waits
 * by Atomics, where it answers soonest).
 */
import { fileURLToPath } from 'node:url'
import { Tinypool } from 'tinypool'
import { POOL_SIZE, type PoolAdapter } from '../tasks/pool.ts'

const TASKS_PER_WORKER = 32

export const adapter: PoolAdapter = {
  async start(_folder, option) {
    const pool = new Tinypool({
      filename: fileURLToPath(new URL('../tasks/null-task.ts', import.meta.url)),
      name: 'nullTask',
      minThreads: POOL_SIZE,
      maxThreads: POOL_SIZE,
      useAtomics: option === 'atomics',
      ...(option === 'default' ? {} : { concurrentTasksPerWorker: TASKS_PER_WORKER }),
    })
    return {
      run: (argument) => pool.run(argument) as Promise<number>,
      close: () => pool.destroy(),
    }
  },
}
