/** The machine's monotonic clock, one for all processes, where `performance.now()` begins anew in each. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000
}
