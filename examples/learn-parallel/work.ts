/** A worker, which does its share of both kinds of work, each when the signal comes. It runs as a thread or as a process. */
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Event, Semaphore } from 'cardumen/threads'

export const pieces = 16
const primesBelow = 300_000

export interface Piecework {
  /** So many things this worker has under way at once. */
  readonly tasks: number
  readonly pieces: number
  readonly port: number
}

export interface Signals {
  readonly ready: Semaphore
  readonly compute: Event
  readonly ask: Event
  readonly done: Semaphore
}

/** @returns how many primes it found, in all its pieces. */
export async function doBoth(work: Piecework, { ready, compute, ask, done }: Signals): Promise<number> {
  let primes = 0
  ready.release()
  await compute.waitAsync()
  await inTasks(work, async () => {
    primes += countPrimes(primesBelow)
  })
  done.release()
  await ask.waitAsync()
  await inTasks(work, () => askServer(work.port))
  done.release()
  return primes
}

/** Shares the pieces out to the tasks; each does its own one after the other. */
async function inTasks({ tasks, pieces: count }: Piecework, doPiece: () => Promise<void>): Promise<void> {
  const task = async (): Promise<void> => {
    for (let left = count / tasks; left > 0; left--) await doPiece()
  }
  await Promise.all(Array.from({ length: tasks }, task))
}

/** Arithmetic: as long as it lasts, its thread does nothing else. */
function countPrimes(below: number): number {
  let count = 0
  for (let candidate = 2; candidate < below; candidate++) if (isPrime(candidate)) count++
  return count
}

function isPrime(candidate: number): boolean {
  for (let divisor = 2; divisor * divisor <= candidate; divisor++) if (candidate % divisor === 0) return false
  return true
}

/** Waiting: as long as it lasts, its thread is free for others. */
async function askServer(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  socket.resume()
  await once(socket, 'close')
}
