/**
 * Measured process: a member that fills, looks up, lists, changes and watches directories.
 *
 * One of them serves the directory. It counts on request, from then on, what it asks of its engine and of others, which
 * costs time: figures of time are taken before.
 */
import { join, type System } from '../../src/cardumen.ts'
import { answer, childArgument } from '../harness/answer.ts'
import { type Latency, measureLatency } from '../harness/load.ts'
import { monotonicMs } from '../harness/monotonic.ts'
import { type Counted, countWork } from './counting.ts'
import { fill } from './filling.ts'
import { Watchers } from './watchers.ts'

export interface DirectoryArgument {
  readonly home: string
  readonly serves: boolean
}

export interface Entered {
  /** By the machine's monotonic clock: when it was asked for. */
  readonly askedAtMs: number
  readonly sequence: number
}

export type DirectoryMethods = {
  ready(argument: null): boolean
  /** Makes the directory and enters so many names. */
  fill(argument: { directory: string; names: number }): Promise<void>
  /** Looks up a name that is in memory; microseconds for each of `count` look-ups. */
  lookUpCached(argument: { directory: string; path: string; count: number }): Promise<number>
  lookUp(argument: { directory: string; path: string; durationMs: number }): Promise<Latency>
  /** Looks up `count` times, one after another. */
  lookUpTimes(argument: { directory: string; path: string; count: number }): Promise<void>
  /** Lists a directory once; milliseconds. */
  list(argument: { directory: string; names: number }): Promise<number>
  count(argument: null): void
  counted(argument: null): Counted
  /** Starts so many watchers, who see every change after `from`. */
  watch(argument: { directory: string; watchers: number; from: number }): void
  sequence(argument: { directory: string }): Promise<number>
  enter(argument: { path: string }): Promise<Entered>
  /** When the last of its watchers saw the change with this number, by the machine's monotonic clock. */
  lastSeenAtMs(argument: { sequence: number }): Promise<number>
}

const MAX_AGE_MS = 3_600_000

const { home, serves } = childArgument<DirectoryArgument>()
const system = await join({ home })
if (serves) await system.offerDirectory()
const { directory: root } = system
const watchers = new Watchers(root)
const openedDirectories = new Map<string, System['directory']>()
let counted: () => Counted = () => ({ engineReads: 0, requests: 0 })

const methods: DirectoryMethods = {
  ready: () => true,
  fill: ({ directory, names }) => fill(root, directory, names),
  lookUpCached: async ({ directory, path, count }) => {
    const options = { maxAgeMs: MAX_AGE_MS }
    const at = await opened(directory)
    const { version } = await at.lookup(path, options)
    const start = performance.now()
    for (let index = 0; index < count; index++) {
      if ((await at.lookup(path, options)).version !== version) throw new Error('the answer is not what was entered')
    }
    return ((performance.now() - start) * 1_000) / count
  },
  lookUp: async ({ directory, path, durationMs }) => {
    const at = await opened(directory)
    return measureLatency(
      () => at.lookup(path),
      durationMs,
      async () => 0,
    )
  },
  lookUpTimes: async ({ directory, path, count }) => {
    const at = await opened(directory)
    for (let index = 0; index < count; index++) await at.lookup(path)
  },
  list: async ({ directory, names }) => {
    const start = performance.now()
    let seen = 0
    for await (const { count } of root.list(directory)) seen += count
    if (seen !== names) throw new Error(`the listing has ${seen} names, not ${names}`)
    return performance.now() - start
  },
  count: () => {
    counted = countWork(system)
  },
  counted: () => counted(),
  watch: ({ directory, watchers: count, from }) => watchers.start(directory, count, from),
  sequence: ({ directory }) => root.sequence(directory),
  enter: async ({ path }) => {
    const askedAtMs = monotonicMs()
    return { askedAtMs, sequence: await root.enter(path, root.capability) }
  },
  lastSeenAtMs: ({ sequence }) => watchers.lastSeenAtMs(sequence),
}

answer(methods, () => system.close())

/** Asked of the server once. */
async function opened(directory: string): Promise<System['directory']> {
  const at = openedDirectories.get(directory) ?? (await root.open(directory))
  openedDirectories.set(directory, at)
  return at
}
