/**
 * Joining a system from a process of a host: `join` ties the real edges (SQLite, sockets, threads, processes) to the
 * kernel and gives the program its `System`, which is the same that programs under simulation get.
 */
import { availableParallelism, freemem, hostname, userInfo } from 'node:os'
import { openSqliteEngine } from './engines/sqlite/sqlite-engine.ts'
import { hostClock } from './host/clock.ts'
import { hostCrypto } from './host/crypto.ts'
import { childProcesses } from './host/processes.ts'
import { openSocketFolder } from './host/socket-folder.ts'
import { UnixTcpNetwork } from './host/unix-tcp-network.ts'
import { workerThreads } from './host/workers.ts'
import type { Capability } from './kernel/capabilities/capability.ts'
import { Member } from './kernel/member.ts'
import type { Tags } from './kernel/membership.ts'
import { seededRandom } from './lib/random.ts'
import type { Signal } from './lib/signal.ts'
import { capabilitiesVariable, parseCapabilities } from './servers/environment.ts'
import { System, type SystemEnvironment } from './servers/system.ts'
import { stateFolderOf } from './state-folder.ts'

export interface JoinOptions {
  /** Which system of the state folder; default `main`. */
  readonly system?: string
  /** The state folder; default `CARDUMEN_HOME`, else `.cardumen/` beside the nearest package.json. */
  readonly home?: string
  /** This member's name, unique among the live ones; drawn when left out. */
  readonly name?: string
  /** Gives up joining. */
  readonly signal?: Signal
  /** What links run over: Unix sockets (default), or TCP on the loopback. */
  readonly network?: 'unix' | 'tcp'
  /** For people and for those who choose among members. */
  readonly tags?: Tags
  /**
   * What this process has as `system.environment`. Default: what it was started with, by `run`; else the root directory,
   * with all rights.
   */
  readonly capabilities?: Readonly<Record<string, Capability>>
  /** How long this process may be stopped before the others take it for dead. Default 10,000. */
  readonly leaseTtlMs?: number
}

/**
 * Makes this process a member of the system, which begins with it where there is none yet.
 * @throws CardumenError `name-taken`, `name-invalid`, `state-unwritable`, `state-newer`, `state-damaged`, `disk-full`, `cancelled`,
 * `capability-invalid` (what the process was started with).
 */
export async function join(options: JoinOptions = {}): Promise<System> {
  const folder = stateFolderOf(options)
  const capabilities = givenCapabilities(options)
  const engine = await openSqliteEngine({ folder, ...(options.signal && { signal: options.signal }) })
  try {
    const network = new UnixTcpNetwork(
      options.network === 'tcp' ? { kind: 'tcp' } : { kind: 'unix', folder: await openSocketFolder(folder) },
    )
    const random = seededRandom(new DataView(hostCrypto.randomBytes(4).buffer).getUint32(0))
    const host = { pid: process.pid, host: hostname(), user: userName() }
    const edges = { engine, network, clock: hostClock, crypto: hostCrypto, random, process: host }
    const member = await Member.join(edges, {
      ...(options.name !== undefined && { name: options.name }),
      ...(options.tags && { tags: options.tags }),
      ...(options.leaseTtlMs !== undefined && { leaseTtlMs: options.leaseTtlMs }),
    })
    return await System.start(member, { ...hostEnvironment(folder), ...capabilities }, options.signal)
  } catch (error) {
    await engine.close()
    throw error
  }
}

/** A process that the system started has the variable, be it empty, and then nothing but that. */
function givenCapabilities({ capabilities }: JoinOptions): Pick<SystemEnvironment, 'capabilities'> {
  if (capabilities !== undefined) return { capabilities }
  const text = process.env[capabilitiesVariable]
  return text === undefined ? {} : { capabilities: parseCapabilities(text) }
}

/** A user without an entry in the list of users has only a number. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? 'unknown')
  }
}

function hostEnvironment(stateFolder: string): SystemEnvironment {
  return {
    stateFolder,
    workers: workerThreads,
    processes: childProcesses,
    threadsDefault: availableParallelism(),
    freeMegabytes: () => Math.floor(freemem() / 1_048_576),
    processStatus,
    warn: (text) => process.emitWarning(text, { type: 'CardumenWarning' }),
  }
}

function processStatus(): ReturnType<SystemEnvironment['processStatus']> {
  const { user, system } = process.cpuUsage()
  return {
    pid: process.pid,
    upMs: Math.round(process.uptime() * 1_000),
    residentBytes: process.memoryUsage.rss(),
    cpuMs: Math.round((user + system) / 1_000),
    nodeVersion: process.versions.node,
  }
}
