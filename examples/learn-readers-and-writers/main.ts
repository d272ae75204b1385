/**
 * Readers and writers (Courtois, Heymans and Parnas, 1971): many may read a page at once, but who writes it must be alone.
 *
 * First what goes wrong without a lock, then that readers are together and writers alone under an `RWLock`, and last what its
 * preference decides: who goes first when a reader is inside, and a writer, another reader and another writer come.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Event, reportThreads, RWLock, SharedArray, Thread } from 'cardumen/threads'
import type { Room } from './work.ts'

const work = new URL('./work.ts', import.meta.url)
const lookEveryMs = 5

function start<Result>(functionName: string, name: string, ...args: unknown[]): Thread<Result> {
  const thread = new Thread<Result>(work, functionName, { name, args })
  thread.start()
  return thread
}

/** Two write a page while three read it. @returns how many pages the readers saw half written. */
async function pagesSeenHalfWritten(lock: RWLock | undefined, rounds: number): Promise<number> {
  const page = new SharedArray('int32', 64)
  const writing = new SharedArray('int32', 1)
  writing.store(0, 2)
  const readers = [1, 2, 3].map((number) => start<number>('readPages', `reader ${number}`, page, lock, writing))
  const writers = [1, 2].map((number) => start('writePages', `writer ${number}`, page, lock, rounds, writing))
  await Promise.all(writers.map((writer) => writer.joinAsync()))
  const seen = await Promise.all(readers.map((reader) => reader.joinAsync()))
  return seen.reduce((sum, each) => sum + each)
}

async function readersTogether(): Promise<void> {
  const lock = new RWLock({ name: 'page' })
  const room: Room = { lock, inside: new SharedArray('int32', 1), allIn: new Event(), letGo: new Event() }
  const readers = [1, 2, 3].map((number) => start('meetInside', `reader ${number}`, room, 3))
  await room.allIn.waitAsync()
  console.log(`readers inside at once: ${room.inside.load(0)}; a writer could enter now: ${lock.tryAcquireWrite()}`)
  room.letGo.set()
  await Promise.all(readers.map((reader) => reader.joinAsync()))
}

/** Reader 1 is inside; the others come one after the other. @returns in which order they got in. */
async function orderWith(prefer: 'readers' | 'writers' | 'fair'): Promise<string[]> {
  const names = ['reader 1', 'writer 1', 'reader 2', 'writer 2']
  const inside = new SharedArray('int32', names.length + 1)
  const room: Room = { lock: new RWLock({ prefer }), inside, allIn: new Event(), letGo: new Event() }
  const threads: Thread[] = []
  for (const [number, name] of names.entries()) {
    const before = inside.load(0)
    threads.push(start(name.startsWith('reader') ? 'readInTurn' : 'writeInTurn', name, room, number))
    while (inside.load(0) === before && !(await isBlocked(name))) await sleep(lookEveryMs)
  }
  room.letGo.set()
  await Promise.all(threads.map((thread) => thread.joinAsync()))
  return inside.slice(1).map((number) => names[number] ?? '')
}

/** What a thread does that blocks can be seen from outside only: by who has the report of all threads. */
async function isBlocked(name: string): Promise<boolean> {
  return (await reportThreads()).includes(`thread "${name}"  blocked`)
}

console.log(`without a lock, pages seen half written: ${await pagesSeenHalfWritten(undefined, 200_000)}`)
console.log(
  `with an RWLock, pages seen half written: ${await pagesSeenHalfWritten(new RWLock({ name: 'page' }), 2_000)}`,
)
await readersTogether()
for (const prefer of ['readers', 'writers', 'fair'] as const)
  console.log(`prefer ${prefer.padEnd(8)} ${(await orderWith(prefer)).join(', ')}`)
