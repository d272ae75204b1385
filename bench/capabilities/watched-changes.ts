/**
 * How soon 1,000 watchers of one directory have all seen a change: from the call that makes it, the disk's time
 * included, to the last of them. They are spread over a few members, the server and the changer being others.
 *
 * Changes come one by one, with a pause between them. Each watcher is to see each change in time, so the bound is held
 * against the slowest watcher of the slowest change.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { median } from '../harness/statistics.ts'
import type { Context } from '../harness/suite.ts'
import { type DirectoryMember, startMember } from './names.ts'
import type { Part } from './part.ts'

const WATCHERS = 1_000
const MEMBERS = 4
const CHANGES = 30
const WARM_UP_CHANGES = 10
const PAUSE_MS = 50
const WATCHED = '/watched'
const LAST_SEEN_MS_MAX = 50

export async function measureWatchedChanges({ progress }: Context, home: string): Promise<Part> {
  progress.say('starting watchers')
  const members: DirectoryMember[] = []
  try {
    for (let member = 0; member < MEMBERS + 2; member++) members.push(startMember({ home, serves: member === 0 }))
    const [server, changer, ...watching] = members as [DirectoryMember, DirectoryMember, ...DirectoryMember[]]
    await server.request('fill', { directory: WATCHED, names: 1 })
    const from = await changer.request('sequence', { directory: WATCHED })
    const argument = { directory: WATCHED, watchers: WATCHERS / MEMBERS, from }
    for (const member of watching) await member.request('watch', argument)
    // The first is seen by all, so all watch.
    for (let change = 1; change <= WARM_UP_CHANGES; change++) await changeOnce(changer, watching, `warm-up-${change}`)
    const lastMs: number[] = []
    for (let change = 1; change <= CHANGES; change++) {
      progress.say(`change ${change}/${CHANGES} for ${WATCHERS} watchers`)
      await delay(PAUSE_MS)
      lastMs.push(await changeOnce(changer, watching, `change-${change}`))
    }
    return { rows: rowsOf(lastMs), raw: lastMs }
  } finally {
    await Promise.all(members.map((member) => member.close()))
  }
}

/** Milliseconds from the call to the last watcher. */
async function changeOnce(
  changer: DirectoryMember,
  watching: readonly DirectoryMember[],
  name: string,
): Promise<number> {
  const { askedAtMs, sequence } = await changer.request('enter', { path: `${WATCHED}/${name}` })
  const seen = await Promise.all(watching.map((member) => member.request('lastSeenAtMs', { sequence })))
  return Math.max(...seen) - askedAtMs
}

function rowsOf(lastMs: readonly number[]): Part['rows'] {
  const what = `a change until the last of ${WATCHERS.toLocaleString('en-US')} watchers saw it`
  return [
    { what: `${what}, median`, value: median(lastMs), unit: 'ms' },
    { what: `${what}, longest`, value: Math.max(...lastMs), unit: 'ms', bound: { atMost: LAST_SEEN_MS_MAX } },
  ]
}
