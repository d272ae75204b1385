/**
 * piscina 5 with two threads: as it comes, and tuned.
 *
 * `concurrentTasksPerWorker` lets a thread hold further tasks while one is on its way back, which is where a null task
 * spends its time; `atomics` decides how an idle thread waits. The option is 'default' or one of the documented
 * modes of `atomics`: 'sync', 'async', 'disabled'.
 */
import { fileURLToPath } from 'node:url'
import { Piscina } from 'piscina'
import { POOL_SIZE, type PoolAdapter } from './pool.ts'

const TASKS_PER_WORKER = 32

export const adapter: PoolAdapter = {
  async start(_folder, option) {
    const pool = new Piscina({
      filename: fileURLToPath(new URL('./null-task.ts', import.meta.url)),
      name: 'nullTask',
      minThreads: POOL_SIZE,
      maxThreads: POOL_SIZE,
      ...(option === 'default' ? {} : { concurrentTasksPerWorker: TASKS_PER_WORKER, atomics: atomicsOf(option) }),
    })
    return {
      run: (argument) => pool.run(argument) as Promise<number>,
      close: () => pool.destroy(),
    }
  },
}

function atomicsOf(option: string): 'sync' | 'async' | 'disabled' {
  if (option === 'sync' || option === 'async' || option === 'disabled') return option
  throw new TypeError(`piscina knows no atomics "${option}"`)
}
