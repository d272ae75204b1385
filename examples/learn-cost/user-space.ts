/** Threads in user space: generators that give way to each other at every `yield`, inside one thread of the operating system. */
import { UserThreads } from 'cardumen/threads'
import { blockFor } from './work.ts'

/** One of them blocks. @returns the longest time in milliseconds in which none of its siblings went on. */
export async function standstillInUserSpaceMs(siblings: number, blockMs: number): Promise<number> {
  const threads = new UserThreads()
  let isOver = false
  let longestMs = 0
  let lastMs = performance.now()
  for (let number = 1; number <= siblings; number++)
    threads.start(`sibling ${number}`, function* () {
      while (!isOver) {
        const nowMs = performance.now()
        longestMs = Math.max(longestMs, nowMs - lastMs)
        lastMs = nowMs
        yield
      }
    })
  threads.start('blocking', function* () {
    yield
    blockFor(blockMs)
    yield
    isOver = true
  })
  await threads.run()
  return longestMs
}
