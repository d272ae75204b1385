/**
 * Parallelism against concurrency, measured: the same 16 pieces of work, done by one thread, by one thread with four tasks, and by
 * several threads or processes. Once the pieces are arithmetic, once they are questions to a slow server.
 *
 * Concurrency (several things under way) is enough where the work is to wait. Only parallelism (several things done at the same
 * instant, by several cores) makes arithmetic faster.
 */
import { availableParallelism } from 'node:os'
import { Process, Thread } from 'cardumen/threads'
import { type Crew, type Measured, measure } from './measurement.ts'
import { startSlowServer } from './slow-server.ts'
import { pieces } from './work.ts'

const answerMs = 25
const crews: Readonly<Record<string, Crew>> = {
  '1 thread': { Worker: Thread, workers: 1, tasks: 1 },
  '1 thread, 4 tasks at once': { Worker: Thread, workers: 1, tasks: 4 },
  '2 threads': { Worker: Thread, workers: 2, tasks: 1 },
  '4 threads': { Worker: Thread, workers: 4, tasks: 1 },
  '1 process': { Worker: Process, workers: 1, tasks: 1 },
  '2 processes': { Worker: Process, workers: 2, tasks: 1 },
  '4 processes': { Worker: Process, workers: 4, tasks: 1 },
}

function print(who: string, ...cells: readonly string[]): void {
  console.log(`${who.padEnd(30)}${cells.map((cell) => cell.padEnd(20)).join('')}`.trimEnd())
}

const cores = availableParallelism()
console.log(`this machine has ${cores} cores; ${pieces} pieces of each kind, each answer takes ${answerMs} ms`)
print('who', 'arithmetic', 'waiting', 'result')
const server = await startSlowServer(answerMs)
let first: Measured | undefined
for (const [who, crew] of Object.entries(crews)) {
  const { computeMs, askMs, primes } = await measure(crew, server.port)
  first ??= { computeMs, askMs, primes }
  const beside = (ms: number, firstMs: number): string => `${ms.toFixed(0)} ms (x${(firstMs / ms).toFixed(1)})`
  print(who, beside(computeMs, first.computeMs), beside(askMs, first.askMs), `${primes} primes`)
}
server.close()
