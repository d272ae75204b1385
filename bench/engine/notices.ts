/**
 * How soon one process learns of another's commit, and of its death, by a watch and nothing else.
 *
 * Both are taken while nothing else happens: the first from the call of `put` in one process (so the disk's time is in
 * it) to the change in the other's hands; the second from SIGKILL to the deletion of the killed one's key. No call has been made
 * between the two, so they have no link. Times are of the machine's monotonic clock, which all processes share.
 */
import { mkdir } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { monotonicMs } from '../harness/monotonic.ts'
import { Remote } from '../harness/remote.ts'
import { median, percentile, sorted } from '../harness/statistics.ts'
import type { Context, Row } from '../harness/suite.ts'
import type { EngineArgument, EngineMethods } from './engine-process.ts'

const COMMITS = 200
const DEATHS = 10
/** Between two of them both processes have become quiet. */
const QUIET_MS = 10
const PREFIX = 'notice/'

const COMMIT_P99_MS_MAX = 20
const DEATH_MEDIAN_MS_MAX = 100

export interface Notices {
  readonly commitsMs: readonly number[]
  readonly deathsMs: readonly number[]
}

export async function measureNotices(context: Context, module: URL, folder: string): Promise<Notices> {
  await mkdir(folder)
  const started: Remote<EngineMethods>[] = []
  const start = async (): Promise<Remote<EngineMethods>> => {
    const argument: EngineArgument = { module: module.href, folder, writer: started.length }
    const remote = new Remote<EngineMethods>(new URL('./engine-process.ts', import.meta.url), argument)
    started.push(remote)
    await remote.request('ready', null)
    return remote
  }
  try {
    context.progress.say('commits and deaths seen by a watch')
    const watcher = await start()
    await watcher.request('follow', { prefix: PREFIX })
    const writer = await start()
    const commitsMs: number[] = []
    for (let commit = 0; commit < COMMITS; commit++) commitsMs.push(await seeCommit(writer, watcher))
    const deathsMs: number[] = []
    for (let death = 0; death < DEATHS; death++) deathsMs.push(await seeDeath(await start(), watcher))
    return { commitsMs, deathsMs }
  } finally {
    await Promise.all(started.map((remote) => remote.close()))
  }
}

export function noticeRows(name: string, { commitsMs, deathsMs }: Notices): Row[] {
  const [commits, deaths] = [sorted(commitsMs), sorted(deathsMs)]
  const row = (what: string, value: number, bound?: Row['bound']): Row => ({
    what: `${name}: ${what}`,
    value,
    unit: 'ms',
    ...(bound !== undefined && { bound }),
  })
  return [
    row("put to another process's watch, median", median(commitsMs)),
    row("put to another process's watch, p99", percentile(commits, 0.99), { atMost: COMMIT_P99_MS_MAX }),
    row("put to another process's watch, longest", percentile(commits, 1)),
    row("SIGKILL to another process's watch, median", median(deathsMs), { atMost: DEATH_MEDIAN_MS_MAX }),
    row("SIGKILL to another process's watch, longest", percentile(deaths, 1)),
  ]
}

async function seeCommit(writer: Remote<EngineMethods>, watcher: Remote<EngineMethods>): Promise<number> {
  const key = `${PREFIX}commit`
  await delay(QUIET_MS)
  const seen = watcher.request('seen', { key })
  // The request is in the watcher's hands before the writer is asked.
  await watcher.request('ready', null)
  const putAtMs = await writer.request('touch', { key })
  return (await seen) - putAtMs
}

async function seeDeath(holder: Remote<EngineMethods>, watcher: Remote<EngineMethods>): Promise<number> {
  const key = `${PREFIX}held/${holder.pid}`
  await holder.request('hold', { key })
  await delay(QUIET_MS)
  const seen = watcher.request('seen', { key })
  await watcher.request('ready', null)
  const killedAtMs = monotonicMs()
  process.kill(holder.pid, 'SIGKILL')
  return (await seen) - killedAtMs
}
