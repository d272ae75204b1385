/**
 * This process as a home, asked for by one of its threads: the service thread listens, and this thread sees to what is left when
 * the process ends, since the service thread ends without a chance to.
 */
import { rmSync } from 'node:fs'
import process from 'node:process'
import { isMainThread } from 'node:worker_threads'
import { askService } from '../running/service.ts'
import type { Packed } from '../travel/shareable.ts'
import { secretPathOf } from './home-address.ts'
import type { HomeReference } from './home-messages.ts'
import type { Exported } from './service-operations.ts'

let isRemovedAtExit = false

/**
 * Makes things of this process reachable for others, and the process itself for `cardumen threads`: for the latter alone, of
 * no things.
 * @throws CardumenError `state-unwritable`, `capacity-reached`, `cannot-travel`
 */
export async function exportToHome(things: readonly Packed[]): Promise<Exported> {
  const exported = (await askService('export', things)) as Exported
  removeAtExit(exported.home)
  return exported
}

/** Of a process that is killed, the next one removes what it left. */
function removeAtExit({ socketPath }: HomeReference): void {
  if (isRemovedAtExit || !isMainThread) return
  isRemovedAtExit = true
  process.once('exit', () => {
    for (const path of [socketPath, secretPathOf(socketPath)]) rmSync(path, { force: true })
  })
}
