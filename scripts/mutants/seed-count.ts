/** What running one scenario over many seeds has shown, and how it is read from what `count-seeds.ts` prints. */

export interface SeedCount {
  /** That were run to their end. */
  readonly seeds: number
  readonly failed: number
  /** The first that failed: which claim, and what happened. */
  readonly first?: { readonly seed: number; readonly claim: string; readonly text: string }
}

/** How the process that counted ended. */
export interface Ending {
  readonly output: string
  readonly errors: string
  /** It did not end by itself in time. */
  readonly isHung: boolean
  readonly code: number | null
}

/** A run that hangs or ends its process has failed too; undefined: the code was not even read, so nothing was run. */
export function seedCountOf({ output, errors, isHung, code }: Ending): SeedCount | undefined {
  const lines = output.split('\n').map(parsed)
  const sum = lines.find((line) => 'failed' in line)
  if (sum !== undefined) return sumOf(sum)
  if (!lines.some((line) => 'loaded' in line)) return undefined
  const seed = lines.reduce((last, line) => Number(line['seed'] ?? last), 0)
  const claim = isHung ? 'hangs' : 'crashes'
  const text = isHung ? 'the run never ended' : `the process ended with ${code}: ${errors.slice(-1_000)}`
  return { seeds: seed, failed: 1, first: { seed, claim, text } }
}

/** Printed by our own script, so its shape is known. */
function sumOf(line: object): SeedCount {
  return line as SeedCount
}

/** Nothing, where the line is none of ours. */
function parsed(line: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}
