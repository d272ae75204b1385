/**
 * Who has a job: one word of shared memory for each slot of a worker.
 *
 * A job waits until either the worker begins it or its owner withdraws it; whoever changes the word first has it.
 * So an owner can take a job back from a thread that is busy, and knows of a dead thread which jobs it had begun,
 * with no message in between. The owner gives a slot to another job only after the worker has answered for it.
 */
const waiting = 0
const begun = 1
const withdrawn = 2

export type JobClaims = Int32Array<SharedArrayBuffer>

export function newJobClaims(slots: number): JobClaims {
  return new Int32Array(new SharedArrayBuffer(slots * Int32Array.BYTES_PER_ELEMENT))
}

/** The owner, before the job leaves. */
export function offer(claims: JobClaims, slot: number): void {
  Atomics.store(claims, slot, waiting)
}

/** The worker: false where the job was withdrawn. */
export function begin(claims: JobClaims, slot: number): boolean {
  return Atomics.compareExchange(claims, slot, waiting, begun) === waiting
}

/** The owner: false where the worker had begun. */
export function withdraw(claims: JobClaims, slot: number): boolean {
  return Atomics.compareExchange(claims, slot, waiting, withdrawn) === waiting
}
