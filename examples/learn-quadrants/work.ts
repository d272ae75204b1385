/** What each thread and each process of the four quadrants does. */
import { readFile, writeFile } from 'node:fs/promises'
import { FileLock, SharedArray, Thread } from 'cardumen/threads'

const times = 1000

/** A variable of a module. Every thread loads the module for itself, so this is one variable for each thread. */
let variable = 0

export interface Counted {
  /** What each thread found in its variable. */
  readonly variables: readonly number[]
  /** What the process found in the array that its threads share. */
  readonly shared: number
}

/** Counts to 1000 in all three places; in the file by hundreds, so that others come between. */
export async function count(array: SharedArray<'int32'>, file: string): Promise<number> {
  using lock = new FileLock(`${file}.lock`)
  for (let time = 1; time <= times; time++) {
    variable++
    array.add(0, 1)
    if (time % 100 !== 0) continue
    using _held = await lock.holdAsync()
    const before = Number(await readFile(file, 'utf8'))
    await writeFile(file, String(before + 100))
  }
  return variable
}

/** In one process: as many threads as asked for. With one, that is the thread that the process has anyway. */
export async function countInThreads(threadsCount: number, file: string): Promise<Counted> {
  const array = new SharedArray('int32', 1)
  if (threadsCount === 1) return { variables: [await count(array, file)], shared: array.load(0) }
  const work = new URL(import.meta.url)
  const threads = Array.from({ length: threadsCount }, () => new Thread<number>(work, 'count', { args: [array, file] }))
  for (const thread of threads) thread.start()
  const variables = await Promise.all(threads.map((thread) => thread.joinAsync()))
  return { variables, shared: array.load(0) }
}
