/**
 * Which process this is: its name, its identifier, and who started it.
 *
 * The name is kept in the environment data of Node's threads, which each new thread inherits, so that a thread of a process
 * knows it too; and not in an environment variable, which every program that the process runs would inherit.
 */
import process from 'node:process'
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads'

const nameKey = 'cardumen.threads.processName'
const mainName = 'main process'

export interface CurrentProcess {
  /** The name that the `Process` was given; `main process` where none started this one. */
  readonly name: string
  readonly pid: number
  readonly parentPid: number
}

export function currentProcess(): CurrentProcess {
  const name: unknown = getEnvironmentData(nameKey)
  return { name: typeof name === 'string' ? name : mainName, pid: process.pid, parentPid: process.ppid }
}

/** Once, before anything else of the program runs. */
export function nameCurrentProcess(name: string): void {
  setEnvironmentData(nameKey, name)
}
