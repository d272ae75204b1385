/**
 * What threads in user space cost on this machine, for the tables that put them beside worker threads and processes: making
 * one, switching, and the one blocking call that stops them all.
 *
 * Each function does the thing itself and reads the clock before and after. Repeating, warming up and choosing among runs is the
 * caller's part.
 */
import type { RuleName } from '../../protocols/scheduling/messages.ts'
import { UserThreads } from './user-threads.ts'

export interface SwitchingCost {
  readonly switches: number
  readonly nsPerSwitch: number
}

/** Threads that do nothing but give way to each other, all together so often. */
export async function measureSwitching(rule: RuleName, threadsCount: number, switches: number): Promise<SwitchingCost> {
  const threads = new UserThreads({ rule })
  const each = Math.ceil(switches / threadsCount)
  for (let index = 0; index < threadsCount; index++)
    threads.start(`t${index}`, function* () {
      for (let left = each; left > 0; left--) yield
    })
  const startedMs = performance.now()
  await threads.run()
  return { switches: threads.switches, nsPerSwitch: ((performance.now() - startedMs) * 1e6) / threads.switches }
}

/** From `start` to the end of a thread that does nothing. */
export async function measureCreation(threadsCount: number): Promise<{ readonly nsPerThread: number }> {
  const threads = new UserThreads()
  const startedMs = performance.now()
  for (let index = 0; index < threadsCount; index++) threads.start('thread', function* () {})
  await threads.run()
  return { nsPerThread: ((performance.now() - startedMs) * 1e6) / threadsCount }
}

export interface BlockingCost {
  /** The longest time in which no sibling of the blocking one made a step. */
  readonly longestStandstillMs: number
  readonly siblingSteps: number
}

/** One thread makes a call that blocks for so long, `Atomics.wait`; its siblings go on giving way to each other. */
export async function measureBlockingCall(siblings: number, blockMs: number): Promise<BlockingCost> {
  const threads = new UserThreads()
  const word = new Int32Array(new SharedArrayBuffer(4))
  let isOver = false
  let longestStandstillMs = 0
  let siblingSteps = 0
  let lastStepMs = performance.now()
  for (let index = 0; index < siblings; index++)
    threads.start(`sibling ${index}`, function* () {
      while (!isOver) {
        const nowMs = performance.now()
        longestStandstillMs = Math.max(longestStandstillMs, nowMs - lastStepMs)
        lastStepMs = nowMs
        siblingSteps++
        yield
      }
    })
  const blocking = threads.start('blocking', function* () {
    for (let step = 0; step < 10; step++) yield
    Atomics.wait(word, 0, 0, blockMs)
    for (let step = 0; step < 10; step++) yield
    isOver = true
  })
  await threads.run()
  blocking.result()
  return { longestStandstillMs, siblingSteps }
}
