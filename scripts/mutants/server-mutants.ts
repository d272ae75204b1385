/**
 * Planted bugs of the server that runs functions and programs, and of the parcels in which jobs travel.
 */
import type { Mutant } from './mutant.ts'

export const serverMutants: readonly Mutant[] = [
  {
    name: 'run-repeated-after-unknown',
    breaks: 'A job that may have run is sent to another member although it may not run twice.',
    file: 'src/servers/run/job-outcome.ts',
    find: "return error.executed === 'no' || isIdempotent",
    replace: "return error.executed !== 'yes' || isIdempotent",
    scenarios: ['run'],
  },
  {
    name: 'run-map-in-order-of-arrival',
    breaks: 'The results of a map are in the order in which they came, not in that of its items.',
    file: 'src/servers/run/remote-map.ts',
    find: 'return Array.from({ length: this.#started }, (_, index) => this.#results.get(index) as Result)',
    replace: 'return [...this.#results.values()]',
    scenarios: ['run'],
  },
  {
    name: 'run-begun-job-taken-for-waiting',
    breaks: 'A job that a lost thread had begun is given to another thread.',
    file: 'src/servers/run/job-pool.ts',
    find: 'const hadBegun = !thread.worker.withdraw(job.id)',
    replace: 'const hadBegun = thread.worker.withdraw(job.id) && false',
    scenarios: ['run'],
  },
  {
    name: 'run-given-up-job-denied',
    breaks: 'A job that was given up while it ran is said not to have run.',
    file: 'src/servers/run/job-messages.ts',
    find: "const executed = this.#desk.pool.abandon(job) ? 'no' : 'unknown'",
    replace: "const executed = this.#desk.pool.abandon(job) ? 'no' : 'no'",
    scenarios: ['run'],
  },
  {
    name: 'run-programs-outlive-their-owner',
    breaks: 'A program whose owner has died goes on although it was not detached.',
    file: 'src/servers/run/program-table.ts',
    find: 'return spec.owner === parted && !spec.detached',
    replace: 'return spec.owner === parted && spec.detached',
    scenarios: ['run'],
  },
  {
    name: 'run-silent-member-answers-too',
    breaks: 'The answer of a member that was silent counts for a job that went elsewhere meanwhile.',
    file: 'src/servers/run/job-channel.ts',
    find: 'if (job?.onSilence() === true) jobs[id] = undefined',
    replace: 'if (job?.onSilence() === true) jobs[id] = job',
    scenarios: ['run'],
  },
  {
    name: 'parcels-cut-short',
    breaks: 'The last byte of each parcel is lost.',
    file: 'src/wire/parcels.ts',
    find: 'content: bytes.subarray(start, end),',
    replace: 'content: bytes.subarray(start, end - 1),',
    scenarios: ['run'],
  },
]
