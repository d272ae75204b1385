/**
 * How many numbers of a sorted list are below a limit, by binary search: for questions such as "how many had returned
 * before". The list must be sorted; it is not looked at as a whole.
 */

export function countBelow(sorted: readonly number[], limit: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] ?? Infinity) < limit) low = middle + 1
    else high = middle
  }
  return low
}
