/**
 * Two processes and two devices: each process needs the printer and the scanner together.
 *
 * First they take them in opposite orders, and each waits for what the other one holds: a deadlock, which is found across the
 * processes, and ends because one of them waits no longer than its deadline. Then both take them in the same order, and it
 * cannot happen. The locks live in this process; in the others they are the same locks.
 */
import { Channel, Event, Lock, Process, watchDeadlocks } from 'cardumen/threads'
import type { Office } from './work.ts'

const jobsEach = 25
const work = new URL('./work.ts', import.meta.url)
const office: Office = {
  printer: new Lock({ name: 'printer' }),
  scanner: new Lock({ name: 'scanner' }),
  printerTaken: new Event({ name: 'printer taken' }),
  scannerTaken: new Event({ name: 'scanner taken' }),
  diary: new Channel<string>({ name: 'diary' }),
}

async function both(functionName: string, argsOf: (name: string) => readonly unknown[]): Promise<number[]> {
  const processes = ['copier', 'archivist'].map((name) => {
    return new Process<number>(work, functionName, { name, args: [office, ...argsOf(name)] })
  })
  for (const process of processes) process.start()
  return await Promise.all(processes.map((process) => process.join()))
}

/** Prints what the processes tell, in the order in which it happened. */
async function readDiary(): Promise<void> {
  for await (const line of office.diary) console.log(`  ${line}`)
}

const reading = readDiary()
const watch = watchDeadlocks({
  everyMs: 50,
  onDeadlock: ({ certainty, cycle }) => {
    console.log(`  a ${certainty} deadlock:`)
    for (const { party, holds, waitsFor } of cycle)
      console.log(`    ${party.name} holds ${holds}, waits for ${waitsFor}`)
  },
})
console.log('opposite orders:')
// One is more patient than the other: were they equally so, both could give up at once, again and again.
await both('takeBoth', (name) => (name === 'copier' ? ['printer', 'scanner', 3_000] : ['scanner', 'printer', 30_000]))
watch[Symbol.dispose]()
office.diary.close()
await reading

console.log('the same order:')
const done = await both('workInOrder', () => [jobsEach])
console.log(`  jobs done: ${done.join(' and ')}; nobody had to give up`)
