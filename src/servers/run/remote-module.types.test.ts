/** What the compiler refuses of a remote module; `tsc -b` runs this file. */
import type { System } from '../../cardumen.ts'

export async function jobs(system: System): Promise<void> {
  const remote = system.import<typeof import('./fixtures/typed-jobs.ts')>('file:///typed-jobs.ts')
  const sum: number = await remote.add(1, 2)
  const later: string = await remote.addLater('a')
  const all: number[] = await remote.double.map([1, 2], { concurrency: 2, ordered: false })
  for await (const each of remote.double.map(new Set([1]))) each.toFixed()
  const patient: number = await remote.add.with({ timeoutMs: 5, idempotent: true }).with({ on: 'a' })(1, 2)
  void [sum, later, all, patient]

  // @ts-expect-error an argument of another type
  await remote.add('1', 2)
  // @ts-expect-error an argument is missing
  await remote.add(1)
  // @ts-expect-error a result of another type
  const text: string = await remote.add(1, 2)
  // @ts-expect-error a remote function gives a promise, whatever the function gives
  const now: number = remote.add(1, 2)
  // @ts-expect-error a result of another type than what the promise holds
  const awaited: number = await remote.addLater('a')
  // @ts-expect-error a function that is not there
  await remote.subtract(1, 2)
  // @ts-expect-error an export that is no function
  void remote.limit
  // @ts-expect-error a remote module is no promise, even of a module that exports a `then`
  void remote.then
  // @ts-expect-error items of another type
  await remote.double.map(['1'])
  // @ts-expect-error one item where many are due
  await remote.double.map(1)
  // @ts-expect-error results of another type
  const texts: string[] = await remote.double.map([1])
  // @ts-expect-error an option that there is not
  await remote.double.map([1], { parallel: 2 })
  // @ts-expect-error an argument of another type under other options
  await remote.add.with({ on: 'a' })('1', 2)
  // @ts-expect-error a result of another type under other options
  const other: string = await remote.add.with({ on: 'a' })(1, 2)
  // @ts-expect-error an option of another type
  remote.add.with({ timeoutMs: 'long' })
  // @ts-expect-error the name of a function that is idempotent is no option of one call
  remote.add.with({ idempotent: ['add'] })
  void [text, now, awaited, texts, other]
}
