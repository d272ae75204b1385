/**
 * Daemons of this machine, started and ended: `up` and `down`.
 *
 * A daemon is only a member that offers to run things (`cli/daemon.ts`), in a process of its own that outlives the one
 * that started it. `up` may be called by several at once: a daemon whose name is taken ends by itself, so there is one
 * of each name in the end. This is used by the command line, by examples and by tests alike.
 */
import { spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { Socket } from 'node:net'
import { availableParallelism } from 'node:os'
import { join as joinPath, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compileCacheFolder } from './cli/compile-cache.ts'
import { type DaemonRecord, livenessOf, livingDaemons } from './daemon-records.ts'
import { siblingModule } from './host/sibling-module.ts'
import type { MemberEntry } from './kernel/membership.ts'
import { CardumenError } from './lib/cardumen-error.ts'
import { runName } from './servers/run/interface.ts'
import { MemberService, memberServiceName } from './servers/member/interface.ts'
import { stateFolderOf } from './state-folder.ts'
import { join, type System } from './system.ts'

export interface FleetOptions {
  readonly home?: string
  readonly system?: string
}

export interface UpOptions extends FleetOptions {
  /** How many daemons there are afterwards, named m1, m2, …; default: one a core, at least 2 and at most 8. */
  readonly members?: number
  /** Worker threads of each; default: the cores shared out among them, at least one each. */
  readonly threads?: number
  /** Default 20,000. */
  readonly timeoutMs?: number
  /** True: those that are started here end when this process has ended, however it did. Default false. */
  readonly tied?: boolean
  /** Called whenever another one is ready. */
  readonly onProgress?: (ready: number, members: number) => void
}

export interface DaemonInfo {
  readonly name: string
  readonly pid: number
  /** False: it was there before. */
  readonly isNew: boolean
}

export interface Downed {
  readonly name: string
  readonly pid: number
  readonly how: 'asked' | 'SIGTERM' | 'SIGKILL'
}

export const membersMax = 256
const membersDefaultMax = 8
const upTimeoutMs = 20_000
/** Daemons of one name that one `up` starts, when they die as they come up. */
const startsMax = 3
const answerTimeoutMs = 2_000
const askTimeoutMs = 1_000
const graceMs = 3_000
const lookIntervalMs = 15
/** Without its built-in snapshot Node starts 40 ms later and takes 6 MB less, for as long as the daemon lives. */
const nodeFlags = ['--no-node-snapshot']
/** A longer log is put aside when its daemon starts again, and the one before it is gone. */
const logBytesMax = 1_048_576

export function membersDefault(): number {
  return Math.min(membersDefaultMax, Math.max(2, availableParallelism()))
}

/**
 * Starts the daemons that are missing, and resolves when all of them answer.
 * @throws CardumenError `process-failed` with the log of the daemon that did not come up, `timed-out` where one that
 * was there before does not answer, and what `join` throws.
 */
export async function up(options: UpOptions = {}): Promise<readonly DaemonInfo[]> {
  const members = checkedMembers(options.members ?? membersDefault())
  const threads = options.threads ?? Math.max(1, Math.floor(availableParallelism() / members))
  const names = Array.from({ length: members }, (_, index) => `m${index + 1}`)
  await using system = await join({ ...placeOf(options), tags: { command: 'up' } })
  // What was compiled here is compiled for the daemons too.
  await import('./cli/daemon.ts')
  flushCompileCache()
  const before = new Set(daemonsOf(system).map((entry) => entry.address))
  const known = new Set(daemonsOf(system).map((entry) => entry.id as string))
  const { promise: failed, reject } = Promise.withResolvers<never>()
  const starts = new Map<string, number>()
  const start = (name: string): void => {
    starts.set(name, (starts.get(name) ?? 0) + 1)
    if ((starts.get(name) ?? 0) <= startsMax) startDaemon(name, threads, options).catch(reject)
  }
  // One that was killed a moment ago may still be listed; its name becomes free later.
  const stopListening = system.onMemberParted((entry) => {
    if (names.includes(entry.id)) start(entry.id)
  })
  try {
    for (const name of names) if (!known.has(name)) start(name)
    await Promise.race([untilAllServe(system, names, options), failed])
  } finally {
    stopListening()
  }
  const daemons = daemonsOf(system).filter((entry) => names.includes(entry.id))
  await refuseUnresponsive(system, daemons)
  return daemons.map((entry) => ({ name: entry.id, pid: entry.pid, isNew: !before.has(entry.address) }))
}

/**
 * Ends all daemons of the state folder: asks, then signals, then kills. Those that are stopped and those that are no
 * members any more are found too. Empty where none ran.
 */
export async function down(options: FleetOptions = {}): Promise<readonly Downed[]> {
  const folder = stateFolderOf(options)
  const records = livingDaemons(folder)
  if (!existsSync(joinPath(folder, 'state.db')))
    return Promise.all(records.map((record) => end(undefined, recorded(record))))
  const system = await join({ ...placeOf(options), tags: { command: 'down' } }).catch((error: unknown) => {
    // Processes can be ended without the state.
    if (records.length === 0) throw error
    return undefined
  })
  try {
    const targets = new Map(records.map((record) => [record.pid, recorded(record)]))
    for (const entry of system === undefined ? [] : daemonsOf(system)) {
      targets.set(entry.pid, { name: entry.id, pid: entry.pid, entry, record: targets.get(entry.pid)?.record })
    }
    // Awaited here: the system must stay open until then.
    return await Promise.all([...targets.values()].map((target) => end(system, target)))
  } finally {
    await system?.close()
    livingDaemons(folder)
  }
}

export function daemonsOf(system: System): readonly MemberEntry[] {
  return system.members().filter((entry) => entry.tags['daemon'] === 1)
}

export function daemonLog(stateFolder: string, name: string): string {
  return joinPath(stateFolder, 'logs', `${name}.log`)
}

function checkedMembers(members: number): number {
  if (Number.isInteger(members) && members >= 1 && members <= membersMax) return members
  throw new CardumenError('option-invalid', `members is ${members}; it is a whole number from 1 to ${membersMax}.`)
}

function placeOf({ home, system }: FleetOptions): FleetOptions {
  return { ...(home !== undefined && { home }), ...(system !== undefined && { system }) }
}

/** Rejects when the process ends before it is a member; never resolves. */
function startDaemon(name: string, threads: number, options: UpOptions): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  const stateFolder = stateFolderOf(options)
  const logPath = daemonLog(stateFolder, name)
  const script = fileURLToPath(siblingModule(import.meta.url, 'cli/daemon'))
  const given = [
    '--name',
    name,
    '--threads',
    String(threads),
    '--home',
    resolve(stateFolder, '..'),
    '--system',
    options.system ?? 'main',
    ...(options.tied === true ? ['--tied'] : []),
  ]
  const log = openLog(logPath)
  const child = spawn(process.execPath, [...nodeFlags, script, ...given], {
    detached: true,
    stdio: [options.tied === true ? 'pipe' : 'ignore', log, log],
    env: daemonEnvironment(),
  })
  closeSync(log)
  child.unref()
  // The pipe closes with this process, and keeps it no longer.
  if (child.stdin instanceof Socket) child.stdin.unref()
  child.once('error', (cause) =>
    reject(new CardumenError('process-failed', `Daemon ${name} could not be started.`, { cause })),
  )
  child.once('exit', (code, signal) => {
    if (code === 0) return // Another `up` was quicker: the name is taken.
    reject(
      new CardumenError('process-failed', `Daemon ${name} ended at once (${signal ?? code}).`, {
        hint: `Its log is ${logPath}`,
      }),
    )
  })
  return promise
}

/** @throws CardumenError `state-unwritable`. */
function openLog(path: string): number {
  try {
    mkdirSync(resolve(path, '..'), { recursive: true, mode: 0o700 })
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > logBytesMax) renameSync(path, `${path}.old`)
    return openSync(path, 'a', 0o600)
  } catch (cause) {
    throw new CardumenError('state-unwritable', `The log ${path} cannot be written.`, { cause })
  }
}

/** What npm says about the command that it runs is none of the daemon's business, nor of the programs that it runs. */
function daemonEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('npm_') && name !== 'INIT_CWD' && name !== 'NODE_TEST_CONTEXT',
  )
  return { NODE_COMPILE_CACHE: compileCacheFolder(), ...Object.fromEntries(own) }
}

async function untilAllServe(system: System, names: readonly string[], options: UpOptions): Promise<void> {
  const { promise, resolve: allServe, reject } = Promise.withResolvers<void>()
  const timeoutMs = options.timeoutMs ?? upTimeoutMs
  const missing = (): string[] => {
    const serving = new Set<string>(system.member.servers(runName).map((server) => server.address))
    const ready = new Set<string>(daemonsOf(system).flatMap((entry) => (serving.has(entry.address) ? [entry.id] : [])))
    return names.filter((name) => !ready.has(name))
  }
  let readyBefore = 0
  const look = (): void => {
    const ready = names.length - missing().length
    if (ready !== readyBefore) options.onProgress?.(ready, names.length)
    readyBefore = ready
    if (ready === names.length) allServe()
  }
  const stops = [system.member.onServersChanged(runName, look), system.onMemberJoined(look)]
  const timer = setTimeout(() => {
    const logs = joinPath(system.stateFolder, 'logs')
    reject(
      new CardumenError('process-failed', `Not up within ${timeoutMs} ms: ${missing().join(', ')}.`, {
        hint: `Their logs are in ${logs}`,
      }),
    )
  }, timeoutMs)
  look()
  try {
    await promise
  } finally {
    clearTimeout(timer)
    for (const stop of stops) stop()
  }
}

async function refuseUnresponsive(system: System, daemons: readonly MemberEntry[]): Promise<void> {
  const silent = await Promise.all(
    daemons.map(async (entry) => {
      const client = system.open(MemberService, memberServiceName(entry.id))
      const answers = await client.status(undefined, { timeoutMs: answerTimeoutMs }).then(
        () => true,
        () => false,
      )
      return answers ? [] : [entry]
    }),
  )
  const [first, ...rest] = silent.flat()
  if (first === undefined) return
  const named = [first, ...rest].map((entry) => `${entry.id} (pid ${entry.pid})`).join(', ')
  throw new CardumenError('timed-out', `Up, but without an answer within ${answerTimeoutMs} ms: ${named}.`, {
    executed: 'yes',
    hint: `Let it go on with "kill -CONT ${first.pid}" if it was stopped, or end it with "cardumen kill ${first.id} --member --signal KILL".`,
  })
}

/** A daemon to be ended: a member, a process, or both. */
interface Target {
  readonly name: string
  readonly pid: number
  readonly entry: MemberEntry | undefined
  readonly record: DaemonRecord | undefined
}

function recorded(record: DaemonRecord): Target {
  return { name: record.name, pid: record.pid, entry: undefined, record }
}

async function end(system: System | undefined, target: Target): Promise<Downed> {
  const { name, pid, record } = target
  const ended = (how: Downed['how']): Downed => ({ name, pid, how })
  const isStopped = record !== undefined && livenessOf(record) === 'stopped'
  if (system !== undefined && !isStopped && (await ask(system, target)) && (await until(() => isGone(system, target))))
    return ended('asked')
  for (const how of ['SIGTERM', 'SIGKILL'] as const) {
    if (!isGone(system, target)) sendSignal(target, how)
    // A stopped process hears nothing before it goes on.
    if (how === 'SIGTERM' && !isGone(system, target)) sendSignal(target, 'SIGCONT')
    if (await until(() => isGone(system, target))) return ended(how)
  }
  throw new CardumenError('process-failed', `${name} (pid ${pid}) did not end.`, {
    hint: `See who owns it: ps -fp ${pid}`,
  })
}

async function ask(system: System, { entry }: Target): Promise<boolean> {
  if (entry === undefined) return false
  const client = system.open(MemberService, memberServiceName(entry.id))
  return client.stop(undefined, { timeoutMs: askTimeoutMs }).then(
    () => true,
    () => false,
  )
}

function isGone(system: System | undefined, { entry, record }: Target): boolean {
  const lives = record !== undefined && ['alive', 'stopped'].includes(livenessOf(record))
  const isMember = entry !== undefined && system?.members().some((member) => member.address === entry.address) === true
  return !lives && !isMember
}

async function until(isSo: () => boolean): Promise<boolean> {
  const deadlineMs = performance.now() + graceMs
  while (!isSo()) {
    if (performance.now() > deadlineMs) return false
    await new Promise((later) => setTimeout(later, lookIntervalMs))
  }
  return true
}

function sendSignal({ pid, record }: Target, signal: NodeJS.Signals): void {
  // The number may be another process's by now.
  if (record !== undefined && livenessOf(record) === 'dead') return
  try {
    process.kill(pid, signal)
  } catch {
    // It ended meanwhile.
  }
}
