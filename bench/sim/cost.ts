/**
 * What a piece of work in virtual time cost in real time, told by the clock and by the CPU.
 *
 * Figures of one core are told by the CPU time of the whole process (garbage collection on other threads included), so
 * that a neighbour on the same machine does not make them worse; how much faster than real time a world runs is
 * told by the clock, since that is what people wait for.
 */
import { cpuHereUs } from '../harness/load.ts'

export interface Cost {
  readonly ms: number
  readonly cpuMs: number
}

export async function costOf<Result>(
  work: () => Promise<Result> | Result,
): Promise<Cost & { readonly result: Result }> {
  const cpuBeforeUs = cpuHereUs()
  const start = performance.now()
  const result = await work()
  return { ms: performance.now() - start, cpuMs: (cpuHereUs() - cpuBeforeUs) / 1_000, result }
}
