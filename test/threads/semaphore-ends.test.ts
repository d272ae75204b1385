/** What becomes of a semaphore's units with the thread that took them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Thread } from '../../src/threads/running/thread.ts'
import { onThreadError } from '../../src/threads/running/thread-errors.ts'
import { Semaphore } from '../../src/threads/waiting/semaphore.ts'

const module = new URL('./fixtures/semaphore-taker.ts', import.meta.url)

/** Units that are left of eight after a thread took three and ended: a joiner hears of it once all is recovered. */
async function unitsLeft(taker: string): Promise<number> {
  using _silent = onThreadError(() => undefined)
  const semaphore = new Semaphore(8)
  const thread = new Thread(module, taker, { args: [semaphore, 3] })
  thread.start()
  await thread.joinAsync().catch(() => undefined)
  return semaphore.value
}

test('units that a thread took stay taken when its function just returns, since another may be meant to release them', async () => {
  assert.equal(await unitsLeft('takeAndReturn'), 5)
})

for (const [how, taker] of [
  ['throws', 'takeAndThrow'],
  ['exits', 'takeAndExit'],
] as const)
  test(`units that a thread took come back when it ${how}`, async () => {
    assert.equal(await unitsLeft(taker), 8)
  })
