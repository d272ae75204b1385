/**
 * What processes cost, as Linux counts it: resident memory, and CPU time of all their threads.
 *
 * Other systems tell it differently; `canObserve` says whether these figures can be had here.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'

export const canObserve: boolean = process.platform === 'linux'

export function residentMb(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  if (kib === undefined) throw new Error(`process ${pid} tells no resident size`)
  return (Number(kib) * 1024) / 1e6
}

/** Milliseconds of CPU that the living threads of a process have used, from the scheduler's nanoseconds. */
export function cpuMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`)
  const nanoseconds = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
  )
  return nanoseconds.reduce((sum, value) => sum + value, 0) / 1e6
}

/** A Node process that does nothing, for comparison; resolves when it idles. */
export async function startIdleNode(): Promise<ChildProcess> {
  const script = "process.stdout.write('up'); process.stdin.resume()"
  const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  return child
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
