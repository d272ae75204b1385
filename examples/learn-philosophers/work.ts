/** A philosopher, and four ways to come by two forks. */
import {
  acquireAll,
  isCardumenError,
  type Lock,
  OrderedLocks,
  type Semaphore,
  type SharedArray,
} from 'cardumen/threads'

export interface Table {
  readonly forks: readonly Lock[]
  /** One less than there are philosophers. */
  readonly chairs: Semaphore
  /** Of each fork, in how many hands it is. */
  readonly inHands: SharedArray<'int32'>
  readonly eaten: SharedArray<'int32'>
  /** How often a fork was in two hands. */
  readonly faults: SharedArray<'int32'>
  /** How many have come to hold their first fork, where all take the left one first. */
  readonly holding: SharedArray<'int32'>
}

/** Takes both forks; what it returns puts them back. */
type Way = (table: Table, left: number, right: number) => Disposable

const ways: Readonly<Record<string, Way>> = { leftFirst, inOrder, bothAtOnce, withChair }

export function philosopher(table: Table, seat: number, way: string, meals: number): void {
  const [left, right] = [seat, (seat + 1) % table.forks.length] as const
  const take = ways[way] as Way
  for (let meal = 0; meal < meals; meal++) {
    using _forks = take(table, left, right)
    eat(table, seat, [left, right])
  }
}

function eat({ inHands, eaten, faults }: Table, seat: number, forks: readonly number[]): void {
  for (const fork of forks) if (inHands.add(fork, 1) > 0) faults.add(0, 1)
  eaten.add(seat, 1)
  for (const fork of forks) inHands.sub(fork, 1)
}

/** The left fork, and when everybody has one, the right one. Who is made to give up puts the left one back, and begins anew. */
function leftFirst(table: Table, left: number, right: number): Disposable {
  for (;;)
    try {
      using first = new DisposableStack()
      first.use(forkAt(table, left).hold())
      table.holding.add(0, 1)
      while (table.holding.load(0) < table.forks.length) Atomics.pause()
      first.use(forkAt(table, right).hold())
      return first.move()
    } catch (error) {
      if (!isCardumenError(error, 'deadlock')) throw error
    }
}

/** Cure 1: a fork is only waited for by who holds none, or forks with lower numbers. So whoever holds the highest waits for nobody. */
function inOrder(table: Table, left: number, right: number): Disposable {
  const held = new DisposableStack()
  const order = new OrderedLocks()
  const forks = table.forks.map((fork, rank) => order.add(fork, rank))
  for (const number of [left, right].toSorted((one, other) => one - other)) {
    const fork = forks[number]
    if (fork !== undefined) held.use(fork.hold())
  }
  return held
}

/** Cure 2: nobody holds one fork and waits for the other. */
function bothAtOnce(table: Table, left: number, right: number): Disposable {
  return acquireAll([forkAt(table, left), forkAt(table, right)])
}

/** Cure 3: of four at the table, one at least finds both forks. */
function withChair(table: Table, left: number, right: number): Disposable {
  const held = new DisposableStack()
  held.use(table.chairs.hold())
  held.use(forkAt(table, left).hold())
  held.use(forkAt(table, right).hold())
  return held
}

function forkAt({ forks }: Table, number: number): Lock {
  return forks[number] as Lock
}
