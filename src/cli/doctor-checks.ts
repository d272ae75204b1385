/**
 * The checks of `doctor`, one after the other, each with what it found.
 *
 * They do what a member would do rather than reason about it: make the folder, open the engine and commit, bind the
 * sockets' folder. A state folder that was not there is removed again. A check that throws has failed, and those that
 * build on it are left out.
 */
import { accessSync, constants, existsSync, mkdirSync, readdirSync, rmSync, statfsSync, statSync } from 'node:fs'
import { availableParallelism, freemem, totalmem } from 'node:os'
import { join as joinPath } from 'node:path'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { formatVersion } from '../engines/sqlite/schema.ts'
import { openSqliteEngine } from '../engines/sqlite/sqlite-engine.ts'
import { openSocketFolder } from '../host/socket-folder.ts'
import { isCardumenError } from '../lib/cardumen-error.ts'
import { stateFolderOf } from '../state-folder.ts'
import type { StandardOptions } from './standard-options.ts'
import { joinExisting } from './joined.ts'
import { reportsOf } from './member-reports.ts'
import { nextStepOf } from './next-step.ts'
import { counted, size } from './units.ts'

export interface Finding {
  readonly check: string
  readonly result: 'ok' | 'warn' | 'fail'
  readonly detail: string
  /** What to do about it. */
  readonly next?: string
}

type Result = Omit<Finding, 'check'>

const nodeMajorMin = 24
const freeDiskBytesMin = 256 * 1_048_576
const commitsMeasured = 20
const commitMsMax = 50
const logBytesMax = 64 * 1_048_576
const memoryBytesPerMember = 100 * 1_048_576
const clockWatchMs = 200
const clockDriftMsMax = 10

export async function* findings(options: StandardOptions): AsyncGenerator<Finding> {
  const folder = stateFolderOf(options)
  yield* checked('node', nodeVersion)
  yield* checked('cores', cores)
  yield* checked('memory', memory)
  yield* checked('clock', clock)
  const made = existsSync(folder) ? undefined : firstMissing(folder)
  try {
    yield* checked('state folder', () => stateFolder(folder))
    if (!existsSync(folder)) return
    yield* checked('disk', () => disk(folder))
    yield* checked('engine', () => engine(folder))
    yield* checked('sockets', async () => ok(await openSocketFolder(folder)))
    if (made !== undefined) return
    yield* checked('members', () => members(options))
    yield* checked('logs', () => logs(folder))
  } finally {
    if (made !== undefined) rmSync(made, { recursive: true, force: true })
  }
}

async function* checked(check: string, look: () => Result | Promise<Result>): AsyncGenerator<Finding> {
  try {
    yield { check, ...(await look()) }
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    const next = isCardumenError(error) ? nextStepOf(error) : undefined
    yield {
      check,
      result: 'fail',
      detail: isCardumenError(error) ? `[${error.code}] ${detail}` : detail,
      ...(next !== undefined && { next }),
    }
  }
}

function ok(detail: string): Result {
  return { result: 'ok', detail }
}

function nodeVersion(): Result {
  const { node } = process.versions
  if (Number.parseInt(node, 10) >= nodeMajorMin) return ok(node)
  return { result: 'fail', detail: node, next: `Install Node ${nodeMajorMin} or later.` }
}

function cores(): Result {
  const count = availableParallelism()
  if (count > 1) return ok(String(count))
  return { result: 'warn', detail: 'one only', next: 'Jobs will take turns; more members will not make them faster.' }
}

function memory(): Result {
  const detail = `${size(freemem())} free of ${size(totalmem())}`
  if (freemem() >= memoryBytesPerMember * availableParallelism()) return ok(detail)
  return {
    result: 'warn',
    detail,
    next: `Reckon with ${size(memoryBytesPerMember)} for each member; start fewer with "up --members".`,
  }
}

/** Leases go by the monotonic clock, logs and traces by the other one. */
async function clock(): Promise<Result> {
  const before = Date.now() - performance.now()
  await delay(clockWatchMs)
  const driftMs = Math.abs(Date.now() - performance.now() - before)
  if (driftMs <= clockDriftMsMax) return ok(`steady; it says ${new Date().toISOString()}`)
  return {
    result: 'warn',
    detail: `jumped by ${driftMs.toFixed(1)} ms within ${clockWatchMs} ms`,
    next: 'Leases do not mind, but times in logs and traces will: look at the time service.',
  }
}

function stateFolder(folder: string): Result {
  try {
    const isNew = mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined
    accessSync(folder, constants.W_OK | constants.X_OK)
    return ok(isNew ? `${folder} can be made` : folder)
  } catch (error) {
    const next = 'Choose another folder with --home or CARDUMEN_HOME.'
    return {
      result: 'fail',
      detail: `${folder} cannot be written: ${error instanceof Error ? error.message : String(error)}`,
      next,
    }
  }
}

function disk(folder: string): Result {
  const { bavail, bsize } = statfsSync(folder)
  const free = bavail * bsize
  if (free >= freeDiskBytesMin) return ok(`${size(free)} free`)
  return { result: 'warn', detail: `only ${size(free)} free`, next: 'Make room; writes are refused when it is full.' }
}

async function engine(folder: string): Promise<Result> {
  await using opened = await openSqliteEngine({ folder })
  const key = `doctor/${process.pid}`
  const timesMs: number[] = []
  for (let count = 0; count < commitsMeasured; count++) {
    const startMs = performance.now()
    await opened.put(key, new Uint8Array(64))
    timesMs.push(performance.now() - startMs)
  }
  await opened.delete(key)
  const medianMs = timesMs.toSorted((left, right) => left - right)[commitsMeasured / 2] ?? 0
  const detail = `format ${formatVersion}, a synced commit takes ${medianMs.toFixed(1)} ms`
  if (medianMs <= commitMsMax) return ok(detail)
  return {
    result: 'warn',
    detail,
    next: 'The disk is slow at syncing; put the state folder on a faster one with --home.',
  }
}

async function members(options: StandardOptions): Promise<Result> {
  await using system = await joinExisting(options, 'doctor')
  const reports = await reportsOf(system)
  const silent = reports.filter((report) => report.state === 'unresponsive')
  const [first] = silent
  if (first === undefined) return ok(reports.length === 0 ? 'none' : `${counted(reports.length, 'member')}, all answer`)
  const detail = `no answer from ${silent.map(({ name, pid, detail: why }) => `${name} (pid ${pid}: ${why})`).join(', ')}`
  return { result: 'warn', detail, next: `Let it go on, or end it: cardumen kill ${first.name} --member --signal KILL` }
}

function logs(folder: string): Result {
  const logFolder = joinPath(folder, 'logs')
  const files = existsSync(logFolder) ? readdirSync(logFolder) : []
  const bytes = files.reduce(
    (sum, file) => sum + (statSync(joinPath(logFolder, file), { throwIfNoEntry: false })?.size ?? 0),
    0,
  )
  const detail = `${counted(files.length, 'file')}, ${size(bytes)}, in ${logFolder}`
  if (bytes <= logBytesMax) return ok(files.length === 0 ? 'none' : detail)
  return {
    result: 'warn',
    detail,
    next: `Something prints much. Delete them when nothing runs: rm ${joinPath(logFolder, '*')}`,
  }
}

/** What `mkdir -p` would make first. */
function firstMissing(folder: string): string {
  const parent = joinPath(folder, '..')
  return existsSync(parent) || parent === folder ? folder : firstMissing(parent)
}
