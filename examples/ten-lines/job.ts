/** An ordinary module: nothing in it knows that it runs elsewhere. */

/** Primes among the million numbers from `first` on. */
export function countPrimes(first: number): number {
  let count = 0
  for (let number = first; number < first + 1_000_000; number++) if (isPrime(number)) count++
  return count
}

function isPrime(number: number): boolean {
  for (let factor = 2; factor * factor <= number; factor++) if (number % factor === 0) return false
  return number > 1
}
