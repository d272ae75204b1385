/**
 * A daemon as a process: how it is started, with which environment, and where its output goes.
 *
 * It outlives the one that starts it, unless it is tied to that. Several may start daemons of one name at once: those
 * that find the name taken end by themselves.
 */
import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { Socket } from 'node:net'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compileCacheFolder } from '../host/compile-cache.ts'
import { siblingModule } from '../host/sibling-module.ts'
import { CardumenError } from '../lib/cardumen-error.ts'
import { defaultSystem, stateFolderOf } from '../state-folder.ts'
import type { FleetOptions } from './daemons.ts'

export interface DaemonStart extends FleetOptions {
  /** Worker threads. */
  readonly threads: number
  /** Ends with this process. */
  readonly tied: boolean
}

/** The file with which a daemon's process begins. */
const daemonEntry = siblingModule(import.meta.url, '../cli/daemon')
/** Without its built-in snapshot Node starts 40 ms later and takes 6 MB less, for as long as the daemon lives. */
const nodeFlags = ['--no-node-snapshot']
/** A longer log is put aside when its daemon starts again, and the one before it is gone. */
const logBytesMax = 1_048_576

/** What was compiled here is compiled for the daemons too, so that they start sooner. */
export async function compileDaemon(): Promise<void> {
  await import(daemonEntry.href)
  flushCompileCache()
}

/** Rejects when the process ends before it is a member; never resolves. */
export function startDaemon(name: string, { threads, tied, ...place }: DaemonStart): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  const stateFolder = stateFolderOf(place)
  const logPath = daemonLog(stateFolder, name)
  const given = [
    '--name',
    name,
    '--threads',
    String(threads),
    '--home',
    resolve(stateFolder, '..'),
    '--system',
    place.system ?? defaultSystem,
    ...(tied ? ['--tied'] : []),
  ]
  const log = openLog(logPath)
  const child = spawn(process.execPath, [...nodeFlags, fileURLToPath(daemonEntry), ...given], {
    detached: true,
    stdio: [tied ? 'pipe' : 'ignore', log, log],
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

export function daemonLog(stateFolder: string, name: string): string {
  return join(stateFolder, 'logs', `${name}.log`)
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
