/**
 * A client of lock and counter: takes the lock, reads, writes one more, and gives the lock back. The number that it
 * wrote is its own: it could be that of an invoice.
 *
 * It believes that it has the lock until it gives it back. But its process may be stopped between any two lines, and
 * a message may take its time: then the second is over, and somebody else has the lock as well.
 */
import type { System } from 'cardumen'
import { Counter, Lock } from './contract.ts'

const againMs = 50

export async function takeNumber(system: System): Promise<number> {
  const lock = system.open(Lock, 'lock')
  for (;;) {
    const token = await lock.acquire()
    if (token === null) {
      await system.sleep(againMs)
      continue
    }
    const number = await writeNext(system, token)
    // Where this is lost, the lock frees itself after its second.
    await lock.release({ token }).catch(() => undefined)
    if (number !== undefined) return number
  }
}

/** Undefined: the counter says that the lock is another's by now. */
async function writeNext(system: System, token: number): Promise<number | undefined> {
  const counter = system.open(Counter, 'counter')
  const last = await counter.read({ token })
  if (last === null) return undefined
  const isWritten = await counter.write({ token, value: last + 1 })
  return isWritten ? last + 1 : undefined
}
