/**
 * Broken invariants. They are faults of ours, never of a caller or a peer, so they stop the member; in simulation
 * they fail the seed. Whatever comes from outside is refused with a code instead (see `cardumen-error.ts`).
 */
export class BrokenInvariant extends Error {
  override readonly name = 'BrokenInvariant'
}

export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new BrokenInvariant(invariant)
}

/** For the default branch of an exhaustive switch. */
export function unreachable(value: never): never {
  throw new BrokenInvariant(`unreachable: ${JSON.stringify(value)}`)
}
