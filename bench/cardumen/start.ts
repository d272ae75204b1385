/**
 * Our side of `start`: the command line brings the system up and down, and this process joins it for the first call.
 *
 * The command is run as `npm run cardumen` runs it, without npm's own start. The first call is a task for whichever
 * member suits best.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { join } from '../../src/cardumen.ts'
import type { StartAdapter } from '../start/start-adapter.ts'

const COMMAND = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

export const adapter: StartAdapter = {
  up: (folder, members) => cardumen(folder, 'up', '--members', String(members)),

  async firstCall(folder) {
    const system = await join({ home: folder })
    const task = system.import<typeof import('../tasks/null-task.ts')>(
      new URL('../tasks/null-task.ts', import.meta.url),
    )
    if ((await task.nullTask(1)) !== 1) throw new Error('the task returned what it was not given')
    const others = system.members().filter((member) => member.pid !== process.pid)
    return { pids: others.map((member) => member.pid), close: () => system.close() }
  },

  down: (folder) => cardumen(folder, 'down'),
}

async function cardumen(folder: string, ...words: string[]): Promise<void> {
  const child = spawn(process.execPath, [COMMAND, ...words], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, CARDUMEN_HOME: folder },
  })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`cardumen ${words.join(' ')} ended with ${code}`)
}
