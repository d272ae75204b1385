/**
 * What it costs on this machine to make a thread or a process, and to hand the turn from one to another; and what one call that
 * blocks does to the others.
 *
 * Threads in user space are functions that take turns inside one thread, so they are the cheapest by far; and one of them that
 * blocks stops them all. Threads of the operating system cost more, and do not.
 */
import { measureCreation, measureSwitching, Process, Thread } from 'cardumen/threads'
import { creationMs, handOverMs, standstillOfThreadsMs } from './measurements.ts'
import { standstillInUserSpaceMs } from './user-space.ts'

const blockMs = 200

function inUnit(ms: number): string {
  if (ms >= 1) return `${ms.toFixed(1)} ms`
  return ms >= 0.001 ? `${(ms * 1e3).toFixed(1)} µs` : `${(ms * 1e6).toFixed(0)} ns`
}

function print(...cells: readonly string[]): void {
  console.log(
    cells
      .map((cell) => cell.padEnd(24))
      .join('')
      .trimEnd(),
  )
}

await measureCreation(20_000)
await measureSwitching('round-robin', 2, 200_000)
print('', 'make one, see it end', 'hand over the turn')
const { nsPerThread } = await measureCreation(100_000)
const { nsPerSwitch } = await measureSwitching('round-robin', 2, 1_000_000)
print('thread in user space', inUnit(nsPerThread / 1e6), inUnit(nsPerSwitch / 1e6))
print('thread', inUnit(await creationMs(Thread, 20)), inUnit(await handOverMs(Thread, 'passOn', 20_000)))
print('process', inUnit(await creationMs(Process, 5)), inUnit(await handOverMs(Process, 'passOnAsync', 500)))

console.log(`\none of four blocks for ${blockMs} ms; the longest time in which the others stood still:`)
print('threads in user space', inUnit(await standstillInUserSpaceMs(3, blockMs)))
print('threads', inUnit(await standstillOfThreadsMs(3, blockMs)))
