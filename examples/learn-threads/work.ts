/** What the threads and processes of the six programs run: functions, and a class, that a module exports. */
import { setTimeout as sleep } from 'node:timers/promises'
import { currentThread, Thread } from 'cardumen/threads'

export function tellPids(name: string): void {
  console.log(`${name}: my pid is ${process.pid}, my parent's is ${process.ppid}`)
}

export function order(drink: string, cups: number): void {
  console.log(`${currentThread().name}: ${cups} cups of ${drink}`)
}

export function orderByName({ drink, cups }: { readonly drink: string; readonly cups: number }): void {
  order(drink, cups)
}

export class Countdown {
  readonly #from: number

  constructor(from: number) {
    this.#from = from
  }

  run(): string {
    for (let number = this.#from; number > 0; number--) console.log(`${currentThread().name}: ${number}`)
    return 'lift off'
  }
}

export function startSleeper(): void {
  const inner = new Thread(new URL(import.meta.url), 'sleepALittle', { name: 'inner' })
  inner.start()
  inner.join()
  console.log(`${currentThread().name}: inner has ended`)
}

export async function sleepALittle(): Promise<void> {
  console.log(`${currentThread().name}: going to sleep`)
  await sleep(100)
  console.log(`${currentThread().name}: awake again`)
}
