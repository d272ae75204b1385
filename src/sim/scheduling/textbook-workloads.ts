/**
 * Workloads by name, for the command line, the documents and the golden tests.
 *
 * `mixed` shows what rules differ in: a batch job, an editor that mostly waits for its user, and something urgent. `convoy` is
 * short work behind long work. `threads` is the example of Chorus: two tasks above the threshold, two below it.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'

/** In the shape of a file: to be checked like one. */
export const textbookWorkloads: Readonly<Record<string, unknown>> = {
  mixed: {
    quantumMs: 4,
    processes: { batch: 40, editor: 80, control: 200 },
    tasks: [
      { name: 'report', process: 'batch', bursts: [30] },
      { name: 'index', process: 'batch', arriveMs: 2, bursts: [12] },
      { name: 'editor', process: 'editor', arriveMs: 1, bursts: [2, 8, 2, 8, 2, 8, 2] },
      { name: 'control', process: 'control', arriveMs: 10, bursts: [3, 12, 3] },
    ],
  },
  convoy: {
    quantumMs: 4,
    tasks: [
      { name: 'P1', bursts: [24] },
      { name: 'P2', bursts: [3] },
      { name: 'P3', bursts: [3] },
    ],
  },
  threads: {
    quantumMs: 5,
    processes: { control: 150, user: 100 },
    tasks: [
      { name: 'C', process: 'user', priority: 5, bursts: [20] },
      { name: 'D', process: 'user', priority: 5, bursts: [20] },
      { name: 'A', process: 'control', priority: 10, arriveMs: 12, bursts: [12] },
      { name: 'B', process: 'control', priority: 5, arriveMs: 8, bursts: [12] },
    ],
  },
  shares: {
    rule: 'stride',
    quantumMs: 2,
    tasks: [
      { name: 'gold', tickets: 3, bursts: [30] },
      { name: 'silver', tickets: 2, bursts: [20] },
      { name: 'bronze', tickets: 1, bursts: [10] },
    ],
  },
}

/** @throws CardumenError `option-invalid`. */
export function textbookWorkload(name: string): unknown {
  if (Object.hasOwn(textbookWorkloads, name)) return textbookWorkloads[name]
  throw new CardumenError('option-invalid', `There is no workload "${name}".`, {
    hint: `There are ${Object.keys(textbookWorkloads).join(', ')}; a file's path ends with .json.`,
  })
}
