/**
 * `up`: starts the daemons that are missing, and waits until all of them answer.
 *
 * It may be called by several at once: a daemon whose name is taken ends by itself, so there is one of each name in the
 * end. The command line, examples and tests use it alike.
 */
import { availableParallelism } from 'node:os'
import { join as joinPath } from 'node:path'
import type { MemberEntry } from '../kernel/membership.ts'
import { CardumenError } from '../lib/cardumen-error.ts'
import { MemberService, memberServiceName } from '../servers/member/interface.ts'
import { runName } from '../servers/run/interface.ts'
import { join } from '../join.ts'
import type { System } from '../servers/system.ts'
import { compileDaemon, startDaemon } from './daemon-process.ts'
import { daemonsOf, type FleetOptions, placeOf } from './daemons.ts'

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

export const membersMax = 256
const membersDefaultMax = 8
const upTimeoutMs = 20_000
/** Daemons of one name that one `up` starts, when they die as they come up. */
const startsMax = 3
const answerTimeoutMs = 2_000

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
  await compileDaemon()
  const before = new Set(daemonsOf(system).map((entry) => entry.address))
  const known = new Set(daemonsOf(system).map((entry) => entry.id as string))
  const { promise: failed, reject } = Promise.withResolvers<never>()
  const starts = new Map<string, number>()
  const start = (name: string): void => {
    starts.set(name, (starts.get(name) ?? 0) + 1)
    if ((starts.get(name) ?? 0) <= startsMax)
      startDaemon(name, { ...placeOf(options), threads, tied: options.tied === true }).catch(reject)
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

function checkedMembers(members: number): number {
  if (Number.isInteger(members) && members >= 1 && members <= membersMax) return members
  throw new CardumenError('option-invalid', `members is ${members}; it is a whole number from 1 to ${membersMax}.`)
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
