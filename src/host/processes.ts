/**
 * Child processes, on Node's child_process: programs that a member runs for somebody.
 *
 * A child is a Node of the same version with the module as its main one. It must not outlive its member, and no
 * system call for that is at hand: so it holds one end of a socket, whose other end is the member's, and a preloaded
 * module (`end-with-parent.ts`) ends it when that closes, for whatever reason. A child in an endless loop notices only
 * when it comes round.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { ChildProcess, ProcessEvents, Processes, ProcessSpec } from '../edges/processes.ts'
import { CardumenError } from '../lib/cardumen-error.ts'
import { siblingModule } from './sibling-module.ts'

export const childProcesses: Processes = { start }

async function start(spec: ProcessSpec, events: ProcessEvents): Promise<ChildProcess> {
  const path = await pathOf(spec.module)
  const child = spawn(
    process.execPath,
    ['--import', siblingModule(import.meta.url, 'end-with-parent').href, path, ...spec.args],
    {
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...spec.env },
      cwd: spec.workingFolder,
      windowsHide: true,
    },
  ) as ChildProcessWithoutNullStreams
  const hosted = new HostedChild(child, events)
  try {
    await once(child, 'spawn')
  } catch (cause) {
    throw new CardumenError('process-failed', `${path} could not be started: ${String(cause)}`, { cause })
  }
  return hosted
}

async function pathOf(module: string): Promise<string> {
  const path = module.startsWith('file:') ? fileURLToPath(module) : module
  const found = await stat(path).catch(() => undefined)
  if (found?.isFile() === true) return path
  throw new CardumenError('process-failed', `There is no file ${path} to run.`, {
    hint: 'Name a JavaScript or TypeScript file by its path or file: URL.',
  })
}

class HostedChild implements ChildProcess {
  readonly #child: ChildProcessWithoutNullStreams

  constructor(child: ChildProcessWithoutNullStreams, events: ProcessEvents) {
    this.#child = child
    child.stdout.on('data', (chunk: Uint8Array) => events.onOutput('stdout', plain(chunk)))
    child.stderr.on('data', (chunk: Uint8Array) => events.onOutput('stderr', plain(chunk)))
    child.stdin.on('drain', () => events.onInputDrain())
    // A child that reads no more is no fault of ours; what it was still to get is lost with it.
    child.stdin.on('error', () => events.onInputDrain())
    child.stdio[3]?.on('error', () => undefined)
    void this.#awaitEnd(events)
  }

  /** Not the `close` event: a child's own children may hold the socket open that watches over it. */
  async #awaitEnd(events: ProcessEvents): Promise<void> {
    const outputsEnd = Promise.all([once(this.#child.stdout, 'close'), once(this.#child.stderr, 'close')])
    const [code, signal] = (await once(this.#child, 'exit')) as [number | null, string | null]
    await outputsEnd
    this.#child.stdio[3]?.destroy()
    events.onExit({ code: code ?? undefined, signal: signal ?? undefined })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  writeInput(chunk: Uint8Array): boolean {
    return !this.#child.stdin.writable || this.#child.stdin.write(chunk)
  }

  endInput(): void {
    this.#child.stdin.end()
  }

  pauseOutput(): void {
    this.#child.stdout.pause()
    this.#child.stderr.pause()
  }

  resumeOutput(): void {
    this.#child.stdout.resume()
    this.#child.stderr.resume()
  }

  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGTERM' | 'SIGKILL' | 'SIGINT'): void {
    this.#child.kill(name)
  }
}

/** Node's Buffer without its own `slice`, which does not copy. */
function plain(chunk: Uint8Array): Uint8Array {
  return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
}
