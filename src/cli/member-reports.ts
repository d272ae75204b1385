/**
 * How the members are: each is asked itself, all at once, and one that does not answer soon is reported as unresponsive.
 *
 * A daemon whose process is there but which is no member any more (it was stopped for longer than its lease) is
 * reported too, since it still takes memory and `down` will end it.
 */
import { readFileSync } from 'node:fs'
import { type DaemonRecord, livenessOf, livingDaemons } from '../daemon-records.ts'
import type { MemberEntry } from '../kernel/membership.ts'
import type { RefusalCounts } from '../kernel/capabilities/refusals.ts'
import { isCardumenError } from '../lib/cardumen-error.ts'
import { MemberService, memberServiceName, type ProcessStatus } from '../servers/member/interface.ts'
import type { System } from '../servers/system.ts'
import { compareNames, membersOf } from './joined.ts'

export interface MemberReport {
  readonly name: string
  readonly pid: number
  readonly host: string
  readonly state: 'live' | 'unresponsive' | 'starting'
  /** Why it does not answer, where that is known. */
  readonly detail: string | undefined
  readonly isDaemon: boolean
  readonly threads: number | undefined
  readonly joinedMs: number
  readonly upMs: number | undefined
  readonly residentBytes: number | undefined
  readonly cpuMs: number | undefined
  /** Of one core: since the report before, else since its process began. */
  readonly cpuPercent: number | undefined
  readonly callsInFlight: number | undefined
  /** What it has refused so far, by reason and by peer. */
  readonly refusals: RefusalCounts | undefined
  readonly services: readonly string[]
  readonly nodeVersion: string | undefined
}

const answerTimeoutMs = 600
/** A daemon that is no member after so long is not coming up. */
const startingMsMax = 10_000
/** Every member has these; they say nothing. */
const standingServices = ['member', 'process']

export async function reportsOf(
  system: System,
  earlier: readonly MemberReport[] = [],
): Promise<readonly MemberReport[]> {
  const entries = membersOf(system)
  const reports = await Promise.all(
    entries.map((entry) =>
      reportOf(
        system,
        entry,
        earlier.find((report) => report.pid === entry.pid),
      ),
    ),
  )
  const pids = new Set(entries.map((entry) => entry.pid))
  const strays = livingDaemons(system.stateFolder).filter((record) => !pids.has(record.pid))
  return [...reports.filter((report) => report !== undefined), ...strays.map(strayReport)].toSorted((left, right) =>
    compareNames(left.name, right.name),
  )
}

/** Undefined where it has died meanwhile. */
async function reportOf(
  system: System,
  entry: MemberEntry,
  earlier: MemberReport | undefined,
): Promise<MemberReport | undefined> {
  try {
    const client = system.open(MemberService, memberServiceName(entry.id))
    const status = await client.status(undefined, { timeoutMs: answerTimeoutMs, semantics: 'at-most-once' })
    return liveReport(entry, status, earlier)
  } catch (error) {
    const hasGone = !system.members().some((member) => member.address === entry.address)
    if (hasGone || isCardumenError(error, 'member-died') || isCardumenError(error, 'name-unknown')) return undefined
    return silentReport(entry, error)
  }
}

function liveReport(entry: MemberEntry, status: ProcessStatus, earlier: MemberReport | undefined): MemberReport {
  const { upMs, residentBytes, cpuMs, callsInFlight, refusals, nodeVersion } = status
  const usedMs = cpuMs - (earlier?.cpuMs ?? 0)
  const elapsedMs = upMs - (earlier?.upMs ?? 0)
  return {
    ...factsOf(entry),
    ...{ state: 'live', detail: undefined, upMs, residentBytes, cpuMs, callsInFlight, refusals, nodeVersion },
    cpuPercent: elapsedMs > 0 ? Math.round((usedMs / elapsedMs) * 1_000) / 10 : 0,
    services: [...new Set(status.services)].filter((name) => !standingServices.includes(name)).toSorted(),
  }
}

function silentReport(entry: MemberEntry, error: unknown): MemberReport {
  const reason = isCardumenError(error) && error.code !== 'timed-out' ? `: ${error.code}` : ''
  const stopped = `stopped; it goes on with "kill -CONT ${entry.pid}"`
  const detail = isStopped(entry.pid) ? stopped : `it does not answer${reason}`
  return { ...unknown, ...factsOf(entry), state: 'unresponsive', detail }
}

function strayReport(record: DaemonRecord): MemberReport {
  const { name, pid, startedMs } = record
  const facts = { ...unknown, name, pid, host: '', isDaemon: true, threads: undefined, joinedMs: startedMs }
  if (livenessOf(record) === 'stopped')
    return { ...facts, state: 'unresponsive', detail: 'stopped, and no member any more' }
  if (Date.now() - startedMs < startingMsMax) return { ...facts, state: 'starting', detail: undefined }
  return { ...facts, state: 'unresponsive', detail: 'its process runs, but it is no member' }
}

const unknown = {
  upMs: undefined,
  residentBytes: undefined,
  cpuMs: undefined,
  cpuPercent: undefined,
  callsInFlight: undefined,
  refusals: undefined,
  services: [],
  nodeVersion: undefined,
} as const

function factsOf(
  entry: MemberEntry,
): Pick<MemberReport, 'name' | 'pid' | 'host' | 'isDaemon' | 'threads' | 'joinedMs'> {
  const { id, pid, host, joinedMs, tags } = entry
  const threads = typeof tags['threads'] === 'number' ? tags['threads'] : undefined
  return { name: id, pid, host, isDaemon: tags['daemon'] === 1, threads, joinedMs }
}

/** As Linux says; elsewhere nobody does. */
function isStopped(pid: number): boolean {
  try {
    return /^State:\s+[Tt]/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'))
  } catch {
    return false
  }
}
