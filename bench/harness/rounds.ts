/**
 * Interleaved rounds: A B C A B C … rather than A A B B C C.
 *
 * Whatever changes on the machine over minutes (its clock, its neighbours, its disk) then meets every
 * contender alike, and ratios are taken between measurements that lie seconds apart.
 */
export type Rounds<R> = ReadonlyMap<string, readonly R[]>

export interface Progress {
  /** Says what is being measured now, in a few words. */
  say(what: string): void
}

/** Measures every name once a round, for `rounds` rounds; the results are in the order of the rounds. */
export async function interleave<R>(
  names: readonly string[],
  rounds: number,
  progress: Progress,
  measure: (name: string) => Promise<R>,
): Promise<Rounds<R>> {
  const results = new Map<string, R[]>(names.map((name) => [name, []]))
  for (let round = 1; round <= rounds; round++) {
    for (const name of names) {
      progress.say(`round ${round}/${rounds} ${name}`)
      results.get(name)?.push(await measure(name))
    }
  }
  return results
}

/** One number of each round of one contender; throws where that contender was not measured. */
export function pick<R>(rounds: Rounds<R>, name: string, value: (result: R) => number): number[] {
  const results = rounds.get(name)
  if (results === undefined) throw new Error(`"${name}" was not measured`)
  return results.map(value)
}
