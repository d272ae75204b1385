/**
 * Dining philosophers (Dijkstra, 1971): five sit at a round table, a fork between any two, and who wants to eat needs both.
 *
 * First all take their left fork and wait for the right one: a deadlock. It is found and named, and ended at the cost of one of
 * them, who puts the fork back. Then three ways of taking forks with which it cannot happen.
 */
import { type FoundDeadlock, Lock, Semaphore, SharedArray, Thread, watchDeadlocks } from 'cardumen/threads'
import type { Table } from './work.ts'

const seats = 5
const meals = 20

function layTable(): Table {
  return {
    // Fair: a fork that is put back goes to whoever waits for it, and not to whoever had it and is quick to take it again.
    forks: Array.from({ length: seats }, (_, number) => new Lock({ name: `fork ${number}`, fair: true })),
    chairs: new Semaphore(seats - 1, { name: 'chairs' }),
    inHands: new SharedArray('int32', seats),
    eaten: new SharedArray('int32', seats),
    faults: new SharedArray('int32', 1),
    holding: new SharedArray('int32', 1),
  }
}

function sitDown(table: Table, way: string, mealsEach: number): Thread[] {
  const work = new URL('./work.ts', import.meta.url)
  const philosophers = table.forks.map((_, seat) => {
    return new Thread(work, 'philosopher', { name: `P${seat}`, args: [table, seat, way, mealsEach] })
  })
  for (const philosopher of philosophers) philosopher.start()
  return philosophers
}

async function allGone(philosophers: readonly Thread[]): Promise<void> {
  await Promise.all(philosophers.map((philosopher) => philosopher.joinAsync()))
}

function report({ eaten, faults }: Table): void {
  console.log(`  meals: ${[...eaten].join(' ')}; forks in two hands: ${faults.load(0)}`)
}

/** Whoever the detector makes give up puts its fork back, and begins anew. */
async function dineIntoDeadlock(): Promise<void> {
  const table = layTable()
  const found = Promise.withResolvers<FoundDeadlock & { readonly victim: string | undefined }>()
  using _watch = watchDeadlocks({
    policy: 'raise',
    everyMs: 50,
    onDeadlock: (deadlock, victim) => found.resolve({ ...deadlock, victim }),
  })
  const philosophers = sitDown(table, 'leftFirst', 1)
  const { certainty, cycle, victim } = await found.promise
  console.log(`  a ${certainty} deadlock:`)
  for (const { party, holds, waitsFor } of cycle) console.log(`    ${party.name} holds ${holds}, waits for ${waitsFor}`)
  await allGone(philosophers)
  console.log(`  ${victim} was made to give up, and put its fork back; then all could eat`)
  report(table)
}

console.log('left fork first:')
await dineIntoDeadlock()
for (const [way, told] of [
  ['inOrder', 'the fork with the lower number first:'],
  ['bothAtOnce', 'both forks at once, or none:'],
  ['withChair', 'four chairs for five:'],
] as const) {
  console.log(told)
  const another = layTable()
  await allGone(sitDown(another, way, meals))
  report(another)
}
