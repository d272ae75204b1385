/**
 * Our side of `tasks`: two members in processes of their own, each offering one thread, and the null task imported.
 *
 * The caller is a third member; for each call it chooses the one of the two that suits best at that moment.
 */
import { join } from '../../src/cardumen.ts'
import { Remote } from '../harness/remote.ts'
import { POOL_SIZE, type PoolAdapter } from '../tasks/pool.ts'
import type { MemberArgument, MemberMethods } from './member-process.ts'

export const adapter: PoolAdapter = {
  async start(folder) {
    const argument: MemberArgument = { folder, threads: 1 }
    const members = Array.from(
      { length: POOL_SIZE },
      () => new Remote<MemberMethods>(new URL('./member-process.ts', import.meta.url), argument),
    )
    await Promise.all(members.map((member) => member.request('joined', null)))
    const system = await join({ home: folder })
    const task = system.import<typeof import('../tasks/null-task.ts')>(
      new URL('../tasks/null-task.ts', import.meta.url),
    )
    return {
      run: (value) => task.nullTask(value),
      async close() {
        await system.close()
        await Promise.all(members.map((member) => member.close()))
      },
    }
  },
}
