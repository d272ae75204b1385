/** The program of the README: it joins a system, and runs a function of another module on whatever the system has. */
import { join } from 'cardumen'

await using system = await join()
const jobs = system.import<typeof import('./job.ts')>(new URL('./job.ts', import.meta.url))
const ranges = Array.from({ length: 8 }, (_, index) => index * 1_000_000)
const counts = await jobs.countPrimes.map(ranges)
console.log(`${counts.reduce((sum, count) => sum + count)} primes below 8,000,000`)
