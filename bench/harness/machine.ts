/**
 * The machine that was measured: no figure means anything without it.
 *
 * It also finds the core to pin to: the first that this process may use, if `taskset` is there (Linux).
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem, type } from 'node:os'

export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly memoryGib: number
  readonly system: string
  readonly node: string
  readonly date: string
}

export function thisMachine(): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown processor',
    cores: availableParallelism(),
    memoryGib: Math.round(totalmem() / 2 ** 30),
    system: type(),
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
  }
}

export function machineLine(machine: Machine): string {
  const { processor, cores, memoryGib, system, node, date } = machine
  return `${processor}, ${cores} cores, ${memoryGib} GiB, ${system}, Node ${node}, ${date}`
}

/** The first core that this process may run on, or undefined where nothing can be pinned. */
export function coreToPin(): number | undefined {
  if (process.platform !== 'linux') return undefined
  const allowed = /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
  if (allowed === undefined) return undefined
  return spawnSync('taskset', ['-c', allowed, 'true']).status === 0 ? Number(allowed) : undefined
}
