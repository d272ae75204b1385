/**
 * Every bound and interval of the embedded engine, in one place, so that nobody has to hunt for one.
 *
 * What grows is bounded by a count and by bytes; what waits is bounded by time. The figures behind the choices are in
 * `docs/decisions/0002-embedded-engine.md`. None of them is an option: a system whose processes disagreed about them
 * would still be correct, but not fair.
 */
const mebibyte = 1_048_576

/** Writes that one engine object may have unanswered; over it a call is refused with `try-again`. */
export const outstandingRequestsMax = 65_536
export const outstandingBytesMax = 256 * mebibyte

/** What one synced commit carries; it bounds how long the other processes wait for the file. */
export const groupRequestsMax = 1_024
export const groupBytesMax = 8 * mebibyte

/** The log of changes that watches read. Older ones are removed: a watch from there gets `compacted`. */
export const changesKeptMax = 100_000
export const changeBytesKeptMax = 64 * mebibyte
/** At most so much of the log is removed in one commit. */
export const trimmedChangesMax = 2_048
export const trimmedBytesMax = 8 * mebibyte

/** What a watch reads at once. One transaction is never split, so a large one may exceed it. */
export const pulledChangesMax = 256
export const pulledBytesMax = mebibyte
/** Changes of other keys that a watch passes over before it lets the main thread do something else. */
export const passedChangesMax = 4_096

/** Leases of a whole system. */
export const leasesMax = 16_384

/** Puts are refused below this much free space, so that leases can still be renewed and keys deleted. */
export const freeBytesReserved = 8 * mebibyte
/** A file of this size is given up when others have taken all the space. */
export const ballastBytes = 4 * mebibyte
/** On a small disk both are this part of it. */
export const freeShareReserved = 1 / 32

/** How often an engine looks for news by itself, when nothing else is due and nobody has told it anything. */
export const tickMs = 500
/** The same while a process is to be watched whose death is not told by the operating system. */
export const lookingTickMs = 50
export const tickMsMin = 10
/** How often an engine looks whether its file is still the one in the folder. */
export const fileCheckMs = 1_000
/** A process that was itself held up for longer than this ends nobody's lease by time for `expiryHoldMs`. */
export const heldUpMs = 500
export const expiryHoldMs = 1_000

/** Processes are told of commits at most once in this time. */
export const ringIntervalMs = 2
/** A watch looks by itself so often where the operating system gives no notice of a changed file. */
export const blindPollMs = 10

/** Waiting for the file's write lock. Nobody holds it for longer, unless stopped or stuck on the disk. */
export const lockWaitMsMax = 10_000
export const openWaitMsDefault = 10_000
export const closeWaitMsMax = 15_000
/** A waiting mark that was not refreshed for so long belongs to a process that died or stands still. */
export const waitingMarkMsMax = 30

/** The log file that SQLite writes ahead; over it a commit waits until it was copied into the state file. */
export const walPagesCopied = 1_000
export const walBytesMax = 32 * mebibyte
export const logFileWaitMsMax = 50

/**
 * The writer thread's niceness. With 0 a main thread that puts at full speed ran up to twice as late on 2 cores; with more
 * than this a death would be noticed too late where programs keep every core busy.
 */
export const writerNiceness = 5
