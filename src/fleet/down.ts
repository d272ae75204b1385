/**
 * `down`: ends the daemons of a state folder, in whatever state they are.
 *
 * Each is asked first, then told by SIGTERM, then killed. They are found among the members and by the records that they
 * write about themselves: one that was stopped for longer than its lease is no member any more.
 */
import { type DaemonRecord, livenessOf, livingDaemons } from '../daemon-records.ts'
import type { MemberEntry } from '../kernel/membership.ts'
import { CardumenError } from '../lib/cardumen-error.ts'
import { MemberService, memberServiceName } from '../servers/member/interface.ts'
import { hasState, stateFolderOf } from '../state-folder.ts'
import { join } from '../join.ts'
import type { System } from '../servers/system.ts'
import { daemonsOf, type FleetOptions, placeOf } from './daemons.ts'

export interface Downed {
  readonly name: string
  readonly pid: number
  readonly how: 'asked' | 'SIGTERM' | 'SIGKILL'
}

const askTimeoutMs = 1_000
const graceMs = 3_000
const lookIntervalMs = 15

/**
 * Ends all daemons of the state folder: asks, then signals, then kills. Those that are stopped and those that are no
 * members any more are found too. Empty where none ran.
 */
export async function down(options: FleetOptions = {}): Promise<readonly Downed[]> {
  const folder = stateFolderOf(options)
  const records = livingDaemons(folder)
  if (!hasState(folder)) return Promise.all(records.map((record) => end(undefined, recorded(record))))
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
