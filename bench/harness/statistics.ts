/**
 * The few statistics that the bench reports.
 *
 * A ratio is taken within each round, where both sides met the same machine, and then its median over the
 * rounds: a slow minute hits both sides of one ratio, and one bad round moves no median.
 * Percentiles are of the nearest rank, without interpolation: what is printed was really measured.
 */
export function median(values: readonly number[]): number {
  return percentile(sorted(values), 0.5)
}

/** The value that a share of `ascending` does not exceed; `share` is from 0 to 1, and an empty list is refused. */
export function percentile(ascending: ArrayLike<number>, share: number): number {
  const index = Math.min(ascending.length - 1, Math.max(0, Math.ceil(ascending.length * share) - 1))
  const value = ascending[index]
  if (value === undefined) throw new RangeError('there is no percentile of nothing')
  return value
}

export function sorted(values: readonly number[]): Float64Array {
  return Float64Array.from(values).sort()
}

/** The median over the rounds of `over[i] / under[i]`; both lists hold one value a round. */
export function medianRatio(over: readonly number[], under: readonly number[]): number {
  if (over.length !== under.length) throw new RangeError('a ratio needs both sides of every round')
  return median(over.map((value, round) => value / (under[round] ?? Number.NaN)))
}
