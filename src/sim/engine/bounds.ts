/**
 * Every bound and usual duration of the virtual engine, in one place.
 *
 * The log is shorter than a real engine's, so that a run of some virtual minutes can already fall behind it; the rest
 * is of the size that an engine on a quiet machine has.
 */
import type { Distribution } from '../faults/fault.ts'

/** The log of changes that watches read. Older transactions are forgotten: a watch from there gets `compacted`. */
export const changesKeptMax = 16_384
export const changeBytesKeptMax = 16_777_216

/** What one engine object may have unanswered; over it a call is refused with `try-again`. */
export const outstandingRequestsMax = 16_384
export const outstandingBytesMax = 67_108_864

/** What one synced commit carries. */
export const groupTasksMax = 1_024

/** Leases of a whole system. */
export const leasesMax = 16_384

/** There and back, without the commit. */
export const usualRoundTrip: Distribution = { kind: 'uniform', minMs: 0.2, maxMs: 0.6 }
export const usualSync: Distribution = { kind: 'uniform', minMs: 0.2, maxMs: 1 }

/** After so long without an answer an operation, or a watch that heard nothing, is given up. */
export const answerWaitMs = 5_000

/** How soon the death of a process is noticed that nobody suspects. */
export const deathNoticeMs = 20

/** A lease is renewed that often within its time to live. */
export const renewalsPerTtl = 3

/** Requests of one member that may still get through once it is cut off, though their answers do not: up to so many. */
export const requestsPassingMax = 4
