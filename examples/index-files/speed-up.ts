/**
 * How much faster the members are than one process, on this machine and on this work.
 *
 * Both are measured in turns, a few times when they are short, and the median of the ratios counts. Nobody is killed
 * meanwhile, and both have run before: files are in memory and code is compiled on either side.
 */
export interface SpeedUp {
  readonly factor: number
  readonly aloneMs: number
  readonly togetherMs: number
  readonly rounds: number
}

export interface Measured {
  /** Both resolve to the milliseconds that it took. */
  readonly alone: () => Promise<number>
  readonly together: () => Promise<number>
}

/** With less work, what is measured is only the start. */
const aloneMsMin = 200
/** Work that takes longer is measured once, and the run alone that there was already is taken for its measure. */
const aloneMsRepeated = 2_500
const roundsOfShortWork = 5

/** How often both are measured, given what the first run alone took; 0 where there is too little work. */
function roundsFor(firstAloneMs: number): number {
  if (firstAloneMs < aloneMsMin) return 0
  return firstAloneMs < aloneMsRepeated ? roundsOfShortWork : 1
}

/** Runs of either kind that `measureSpeedUp` will make. */
export function runsFor(firstAloneMs: number): number {
  const rounds = roundsFor(firstAloneMs)
  return rounds > 1 ? 2 * rounds + 1 : rounds
}

/** Undefined where there is too little work. */
export async function measureSpeedUp(
  firstAloneMs: number,
  { alone, together }: Measured,
): Promise<SpeedUp | undefined> {
  const count = roundsFor(firstAloneMs)
  const rounds: SpeedUp[] = []
  // A member that was brought up again has compiled nothing yet.
  if (count > 1) await together()
  while (rounds.length < count) {
    const togetherMs = await together()
    const aloneMs = count === 1 ? firstAloneMs : await alone()
    rounds.push({ factor: aloneMs / togetherMs, aloneMs, togetherMs, rounds: count })
  }
  return rounds.sort((a, b) => a.factor - b.factor)[Math.floor(count / 2)]
}
