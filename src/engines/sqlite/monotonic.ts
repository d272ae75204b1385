/**
 * The monotonic clock that all processes of one boot share (CLOCK_MONOTONIC), unlike `performance.now()`, whose origin
 * is the start of the process.
 */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1_000 + nanoseconds / 1_000_000
}
