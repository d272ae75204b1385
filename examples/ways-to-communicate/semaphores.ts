/**
 * Two processes that take turns by two semaphores: each waits for its own, and releases the other one's. A semaphore has no owner, so one process
 * may release what another waits for. Run it: `node scripts/with-node.mjs examples/ways-to-communicate/semaphores.ts`
 */
import { Process, Semaphore } from 'cardumen/threads'

const turns = 3

/** The other process says "pong" whenever it is its turn. */
export async function pong(itsTurn: Semaphore, ourTurn: Semaphore): Promise<void> {
  for (let turn = 1; turn <= turns; turn++) {
    await itsTurn.acquireAsync()
    console.log(`  pong ${turn}`)
    ourTurn.release()
  }
}

if (import.meta.main) {
  const ours = new Semaphore(1, { name: 'ping' })
  const its = new Semaphore(0, { name: 'pong' })
  const other = new Process(import.meta.url, 'pong', { args: [its, ours] })
  other.start()
  for (let turn = 1; turn <= turns; turn++) {
    await ours.acquireAsync()
    console.log(`ping ${turn}`)
    its.release()
  }
  await other.join()
}
