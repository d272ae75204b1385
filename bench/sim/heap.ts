/**
 * The size of the heap after everything that nothing refers to has been gathered.
 *
 * The collector is asked for by a flag that is set at run time, so that the process needs none on its command line. It
 * all happens within one turn: in virtual time nobody may wait for a real one.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const gather = runInNewContext('gc') as () => void
const PASSES = 3

export function gatheredHeapBytes(): number {
  for (let pass = 0; pass < PASSES; pass++) gather()
  return process.memoryUsage().heapUsed
}
