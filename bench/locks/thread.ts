/**
 * A thread of the suite `locks`: one measurement, once all its threads are there and have warmed up.
 */
import { alone, exclusions, type Shared, turns, word } from './contender.ts'

export interface Order {
  readonly kind: 'alone' | 'turns' | 'exclusion'
  readonly name: string
  readonly own: number
  readonly threads: number
  readonly durationMs: number
}

export interface Count {
  readonly rounds: number
  readonly elapsedMs: number
  readonly warmUpRounds: number
}

const batch = 20_000
/** Both threads take as many, so the token is where it was. */
const warmUpTurns = 10_000

export function measure(shared: Shared, order: Order): Count {
  const { words } = shared
  const warmUpRounds = order.kind === 'turns' ? warmUp(shared, order) : run(shared, order).rounds
  Atomics.add(words, word.ready, 1)
  while (Atomics.load(words, word.ready) < order.threads) Atomics.pause()
  return { ...run(shared, order), warmUpRounds }
}

function warmUp(shared: Shared, { name, own }: Order): number {
  const turn = taken(turns, name)
  for (let round = 0; round < warmUpTurns; round++) turn(shared, own)
  return warmUpTurns
}

function run(shared: Shared, { kind, name, own, durationMs }: Order): Omit<Count, 'warmUpRounds'> {
  const { words } = shared
  const from = performance.now()
  if (kind === 'alone') return aloneFor(shared, name, from, durationMs)
  let rounds = 0
  if (kind === 'turns') {
    const turn = taken(turns, name)
    // Who begins decides how many turns there are, before its last one; the other does as many.
    for (let isLast = false; !isLast; ) {
      if (own === 0 && performance.now() - from > durationMs) Atomics.store(words, word.turns, rounds + 1)
      turn(shared, own)
      rounds++
      isLast = Atomics.load(words, word.turns) === rounds
    }
  } else {
    const exclude = taken(exclusions, name)
    const section = (): void => {
      words[word.plain] = (words[word.plain] ?? 0) + 1
    }
    for (; (rounds & 63) !== 0 || performance.now() - from < durationMs; rounds++) exclude(shared, section)
  }
  return { rounds, elapsedMs: performance.now() - from }
}

function aloneFor(shared: Shared, name: string, from: number, durationMs: number): Omit<Count, 'warmUpRounds'> {
  const doRounds = taken(alone, name)
  let rounds = 0
  while (performance.now() - from < durationMs) {
    doRounds(shared, batch)
    rounds += batch
  }
  return { rounds, elapsedMs: performance.now() - from }
}

function taken<T>(table: Readonly<Record<string, T>>, name: string): T {
  const found = table[name]
  if (found === undefined) throw new TypeError(`there is no contender "${name}"`)
  return found
}
