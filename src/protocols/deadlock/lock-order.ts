/**
 * Deadlock is prevented by order: whoever takes locks only upwards can wait for nobody who waits for it (Havender, 1968).
 *
 * Ranks are told, or the order is learned: that one lock was held while another was acquired is remembered, and an acquire
 * that would close a circle of such pairs is an inversion, even where nobody waits at that moment. So the deadlock that
 * needs an unlucky moment is found by the lucky runs too.
 *
 * Locks are keys. Who holds what is the caller's to know. Functions over plain data: there is nobody to talk to.
 */

export interface LockOrder {
  /** Of those whose rank was told. */
  readonly ranks: Map<string, number>
  /** Learned: by lock, which locks were acquired while it was held. */
  readonly followers: Map<string, Set<string>>
  /** How many pairs were learned. */
  learned: number
  readonly limits: LockOrderLimits
}

export interface LockOrderLimits {
  readonly locksMax: number
  /** Further pairs are not learned; inversions of what was learned are found all the same. */
  readonly pairsMax: number
}

export const lockOrderLimits: LockOrderLimits = {
  locksMax: 4_096,
  pairsMax: 65_536,
}

/** `wanted` must not be acquired while `held` is. `way`: the locks that lead from the one to the other, as learned. */
export interface Inversion {
  readonly held: string
  readonly wanted: string
  readonly way: readonly string[]
}

export function emptyLockOrder(limits: LockOrderLimits = lockOrderLimits): LockOrder {
  return { ranks: new Map(), followers: new Map(), learned: 0, limits }
}

/** False where there are as many locks as may be. Without a rank the lock's place is learned. */
export function addLock(order: LockOrder, key: string, rank?: number): boolean {
  if (order.followers.size >= order.limits.locksMax && !order.followers.has(key)) return false
  if (!order.followers.has(key)) order.followers.set(key, new Set())
  if (rank !== undefined) order.ranks.set(key, rank)
  return true
}

/** Who holds these locks wants another one: an inversion, or undefined, and then the order is learned. */
export function noteAcquire(order: LockOrder, held: Iterable<string>, wanted: string): Inversion | undefined {
  const before = [...held]
  if (before.includes(wanted)) return undefined
  for (const key of before) {
    const way = wayAgainst(order, key, wanted)
    if (way !== undefined) return { held: key, wanted, way }
  }
  for (const key of before) learn(order, key, wanted)
  return undefined
}

/** Why `wanted` may not follow `held`: a way of learned pairs from `wanted` to `held`, or the two ranks. */
function wayAgainst(order: LockOrder, held: string, wanted: string): readonly string[] | undefined {
  const [heldRank, wantedRank] = [order.ranks.get(held), order.ranks.get(wanted)]
  if (heldRank !== undefined && wantedRank !== undefined) return wantedRank > heldRank ? undefined : [wanted, held]
  if (order.followers.get(held)?.has(wanted) === true) return undefined
  return wayBetween(order, wanted, held)
}

function wayBetween(order: LockOrder, from: string, to: string): readonly string[] | undefined {
  const cameFrom = new Map<string, string>()
  const frontier = [from]
  for (let at = 0; at < frontier.length; at++) {
    const key = frontier[at] ?? from
    if (key === to) return traced(cameFrom, from, to)
    for (const next of followersOf(order, key)) {
      if (next === from || cameFrom.has(next)) continue
      cameFrom.set(next, key)
      frontier.push(next)
    }
  }
  return undefined
}

/** What was learned; and of two that have ranks the higher one follows, whether that was seen or not. */
function followersOf({ followers, ranks }: LockOrder, key: string): Iterable<string> {
  const rank = ranks.get(key)
  const learned = followers.get(key) ?? []
  if (rank === undefined) return learned
  const higher = [...ranks].filter(([, other]) => other > rank).map(([other]) => other)
  return [...learned, ...higher]
}

function traced(cameFrom: ReadonlyMap<string, string>, from: string, to: string): readonly string[] {
  const way = [to]
  for (let key = to; key !== from; ) {
    key = cameFrom.get(key) ?? from
    way.push(key)
  }
  return way.reverse()
}

function learn(order: LockOrder, held: string, wanted: string): void {
  const followers = order.followers.get(held)
  if (followers === undefined || followers.has(wanted) || order.learned >= order.limits.pairsMax) return
  if (order.ranks.has(held) && order.ranks.has(wanted)) return
  followers.add(wanted)
  order.learned++
}
