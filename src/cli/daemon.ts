/**
 * The process of a daemon: a member that offers to run things, until it is asked to stop.
 *
 * Started by `up` (`fleet/up.ts`), with its output going to a log in the state folder. It ends with 0 when it was stopped
 * or its name was taken by another daemon, with 1 when it could not join, was taken for dead, or its engine failed.
 */
import { flushCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { writeDaemonRecord } from '../daemon-records.ts'
import type { Ending } from '../kernel/ending.ts'
import { type CardumenError, isCardumenError } from '../lib/cardumen-error.ts'
import { stateFolderOf } from '../state-folder.ts'
import { join } from '../join.ts'

/** From the first calls on it would only be in the way. */
const settleMs = 1_000
/** Leaving takes milliseconds; programs that do not end hold it up for no longer than this. */
const leaveMsMax = 5_000

export interface DaemonOptions {
  readonly name: string
  readonly threads: string
  readonly home?: string
  readonly system?: string
  /** Its input is a pipe from the process that started it; it ends with that. */
  readonly tied?: boolean
}

async function runDaemon(options: DaemonOptions): Promise<number> {
  const { name } = options
  process.title = `cardumen ${name}`
  try {
    process.once('exit', writeDaemonRecord(stateFolderOf(options), name))
    return await serve(options)
  } catch (error) {
    if (isCardumenError(error, 'name-taken')) {
      log(name, 'another daemon has this name; nothing to do')
      return 0
    }
    log(name, `could not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    return 1
  }
}

async function serve(options: DaemonOptions): Promise<number> {
  const { name } = options
  const threads = Number(options.threads)
  const system = await join({ ...options, tags: { daemon: 1, threads } })
  await system.offerRun({ threads })
  await system.offerDirectory()
  log(name, `joined as ${system.member.address}, pid ${process.pid}`)
  system.member.onRefusalsTold((text) => log(name, text))
  const stop = (why: string): void => {
    log(name, `leaving: ${why}`)
    setTimeout(() => process.exit(1), leaveMsMax).unref()
    void system.close()
  }
  system.onStop(() => stop('asked to'))
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop(signal))
  if (options.tied === true) process.stdin.once('end', () => stop('the process that started it has ended')).resume()
  setTimeout(tidyUp, settleMs).unref()
  const how = await system.ended
  log(name, wordsOf(how, system.member.engine.failure))
  if (how !== 'left') return 1
  await system.close()
  return 0
}

function wordsOf(how: Ending, failure: CardumenError | undefined): string {
  switch (how) {
    case 'left':
      return 'left'
    case 'expelled':
      return 'was taken for dead: its lease ended while it could not run'
    case 'engine-failed':
      return `ended, since its engine failed: ${reasonOf(failure)}`
    case 'broken':
      return 'ended, since an invariant of its own did not hold'
  }
}

function reasonOf(failure: CardumenError | undefined): string {
  const { cause } = failure ?? {}
  return `${failure?.code}: ${failure?.message}${cause instanceof Error ? `: ${cause.message}` : ''}`
}

/** Starting takes memory that is not needed afterwards; an idle member gives it back. */
function tidyUp(): void {
  flushCompileCache()
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as (options: object) => void
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}

function log(name: string, text: string): void {
  console.log(`${new Date().toISOString()} ${name} ${text}`)
}

// `up` only loads this file, so that its code is in the cache before the first daemon starts.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      name: { type: 'string', default: 'm1' },
      threads: { type: 'string', default: '1' },
      home: { type: 'string' },
      system: { type: 'string' },
      tied: { type: 'boolean' },
    },
  })
  process.exit(await runDaemon(values))
}
