/**
 * Programs of any kind: `run` waits for one and gives what it wrote, `popen` starts one and gives its pipes.
 *
 * No shell stands between: the command is a program's name or path, and an argument is one argument whatever it contains.
 * Such a program knows nothing of us: where this process is killed with kill -9 it goes on, unless it notices that its
 * standard input has ended.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import process from 'node:process'
import type { Readable, Writable } from 'node:stream'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { type AsyncWaitOptions, deadlineOf } from '../waiting/wait-options.ts'
import { within } from './deadline.ts'
import { lines } from './lines.ts'

export interface ProgramOptions {
  readonly workingFolder?: string
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>
}

export interface PopenOptions extends ProgramOptions {
  /** Each is a pipe unless it says otherwise: `inherit` shares ours, `ignore` gives it nothing. */
  readonly stdin?: StreamChoice
  readonly stdout?: StreamChoice
  readonly stderr?: StreamChoice
}

export type StreamChoice = 'pipe' | 'inherit' | 'ignore'

export interface Exit {
  /** Of a program that a signal ended, the signal's number below zero. */
  readonly exitCode: number
  readonly signal: string | undefined
}

const signalNumbers: Readonly<Record<string, number | undefined>> = constants.signals

/** Starts the program and does not wait for it. @throws CardumenError `process-failed`, `option-invalid` */
export function popen(command: string, args: readonly string[] = [], options: PopenOptions = {}): Program {
  const { stdin = 'pipe', stdout = 'pipe', stderr = 'pipe', workingFolder, env } = options
  return new Program(command, started(command, args, [stdin, stdout, stderr], workingFolder, env))
}

function started(
  command: string,
  args: readonly string[],
  stdio: StreamChoice[],
  cwd: string | undefined,
  env: ProgramOptions['env'],
): ChildProcess {
  try {
    return spawn(command, [...args], { stdio, cwd, env: { ...process.env, ...env }, windowsHide: true })
  } catch (cause) {
    if (cause instanceof Error && 'syscall' in cause) throw unstartable(command, cause)
    const text = cause instanceof Error ? cause.message : String(cause)
    throw new CardumenError('option-invalid', `"${command}" cannot be run like that: ${text}`, { cause })
  }
}

/** A program that was started: its pipes, and its end. `await using` ends it with the block. */
export class Program {
  readonly #command: string
  readonly #child: ChildProcess
  readonly #ended: Promise<Exit>
  #exit: Exit | undefined
  #failure: CardumenError | undefined

  /** @internal Made by `popen`. */
  constructor(command: string, child: ChildProcess) {
    this.#command = command
    this.#child = child
    this.#ended = this.#follow()
    this.#ended.catch(() => undefined)
    // A program that reads no more is no fault of ours; what it was still to get is lost with it.
    child.stdin?.on('error', () => undefined)
  }

  /** Undefined where there is no such program; then `wait` says so. */
  get pid(): number | undefined {
    return this.#child.pid
  }

  /** @throws CardumenError `option-invalid`: it was not given a pipe. */
  get stdin(): Writable {
    return this.#stream(this.#child.stdin, 'stdin')
  }

  /** Read it, or have it ignored: a program whose pipe is full waits. */
  get stdout(): Readable {
    return this.#stream(this.#child.stdout, 'stdout')
  }

  get stderr(): Readable {
    return this.#stream(this.#child.stderr, 'stderr')
  }

  /** What it writes on stdout, line by line. */
  lines(): AsyncGenerator<string, undefined> {
    return lines(this.stdout)
  }

  /**
   * Waits for its end. It goes on where the wait ends early.
   * @throws CardumenError `process-failed` (there is no such program), `timed-out`, `cancelled`
   */
  wait(options: AsyncWaitOptions = {}): Promise<Exit> {
    return within(this.#ended, `${this.#title} to end`, options)
  }

  /** How it ended; undefined while it runs. @throws CardumenError `process-failed` */
  poll(): Exit | undefined {
    if (this.#failure !== undefined) throw this.#failure
    return this.#exit
  }

  /** Asks it to end (SIGTERM). */
  terminate(): void {
    this.#child.kill('SIGTERM')
  }

  /** Ends it (SIGKILL). */
  kill(): void {
    this.#child.kill('SIGKILL')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill()
    await this.#ended.catch(() => undefined)
    for (const stream of [this.#child.stdin, this.#child.stdout, this.#child.stderr]) stream?.destroy()
  }

  get #title(): string {
    return `"${this.#command}"${this.pid === undefined ? '' : ` (pid ${this.pid})`}`
  }

  #stream<Stream>(stream: Stream | null, name: string): Stream {
    if (stream !== null) return stream
    throw new CardumenError('option-invalid', `${name} of ${this.#title} is no pipe.`, {
      hint: `Leave the option ${name} out, or say "pipe".`,
    })
  }

  #follow(): Promise<Exit> {
    return new Promise((settle, fail) => {
      this.#child.once('error', (cause) => {
        if (this.#child.pid !== undefined) return
        this.#failure = unstartable(this.#command, cause)
        fail(this.#failure)
      })
      this.#child.once('exit', (code, signal) => {
        this.#exit = { exitCode: code ?? -(signalNumbers[signal ?? ''] ?? 0), signal: signal ?? undefined }
        settle(this.#exit)
      })
    })
  }
}

function unstartable(command: string, cause: Error): CardumenError {
  const code = 'code' in cause ? cause.code : undefined
  const why =
    code === 'ENOENT'
      ? 'there is no such program, or its working folder is not there'
      : code === 'EACCES'
        ? 'it may not be executed'
        : cause.message
  return new CardumenError('process-failed', `"${command}" could not be started: ${why}.`, {
    cause,
    hint: 'Name a program on the PATH, or one by its path. There is no shell: to use one, run "sh" with "-c".',
  })
}

export interface RunOptions extends ProgramOptions {
  /** What it reads on stdin; without it, nothing. */
  readonly input?: string | Uint8Array
  /** `inherit`: it writes to our own stdout and stderr, and the result has none of it. Default `text`. */
  readonly output?: 'text' | 'bytes' | 'inherit'
  /** Of stdout and of stderr. Over it the program is killed. */
  readonly outputBytesMax?: number
  /** After it the program is killed. */
  readonly timeoutMs?: number
  /** Kills the program. */
  readonly signal?: AbortSignal
  /** An exit code other than 0 is an error. Default false. */
  readonly check?: boolean
}

export interface RunResult<Output = string> extends Exit {
  readonly stdout: Output
  readonly stderr: Output
}

/** What `run` keeps of each output, unless `outputBytesMax` says otherwise. */
const outputBytesMaxDefault = 16 * 1_048_576

/**
 * Runs the program and waits for its end and the end of its output.
 * @throws CardumenError `process-failed` (no such program), `program-failed` (with `check`), `timed-out` and `cancelled` (it was killed),
 *   `too-large` (its output; it was killed)
 */
export function run(
  command: string,
  args: readonly string[],
  options: RunOptions & { readonly output: 'bytes' },
): Promise<RunResult<Uint8Array>>
export function run(command: string, args?: readonly string[], options?: RunOptions): Promise<RunResult>
export async function run(
  command: string,
  args: readonly string[] = [],
  options: RunOptions = {},
): Promise<RunResult<string | Uint8Array>> {
  const { output = 'text', input, check = false, signal, outputBytesMax = outputBytesMaxDefault } = options
  deadlineOf(options)
  if (signal?.aborted === true) throw new CardumenError('cancelled', `"${command}" was not started.`)
  const out = output === 'inherit' ? 'inherit' : 'pipe'
  await using program = popen(command, args, {
    ...options,
    stdin: input === undefined ? 'ignore' : 'pipe',
    stdout: out,
    stderr: out,
  })
  if (input !== undefined) program.stdin.end(input)
  const read = (stream: 'stdout' | 'stderr'): Promise<Buffer> =>
    output === 'inherit' ? Promise.resolve(Buffer.alloc(0)) : whole(program[stream], command, outputBytesMax)
  const [exit, stdout, stderr] = await within(
    Promise.all([program.wait(), read('stdout'), read('stderr')]),
    `"${command}" to end; it was killed`,
    options,
  )
  if (check && exit.exitCode !== 0) throw failed(command, exit, stderr)
  return output === 'bytes'
    ? { ...exit, stdout, stderr }
    : { ...exit, stdout: stdout.toString(), stderr: stderr.toString() }
}

async function whole(stream: Readable, command: string, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > bytesMax)
      throw new CardumenError('too-large', `"${command}" wrote more than ${bytesMax} bytes and was killed.`, {
        executed: 'yes',
        hint: 'Give more with outputBytesMax, or read it as it comes with popen.',
      })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Letters of a failed program's last words that its error repeats. */
const lastWordsMax = 500

function failed(command: string, { exitCode, signal }: Exit, stderr: Buffer): CardumenError {
  const how = signal === undefined ? `with exit code ${exitCode}` : `by ${signal}`
  const said = stderr.toString().trim().slice(-lastWordsMax)
  return new CardumenError('program-failed', `"${command}" ended ${how}${said === '' ? '.' : `: ${said}`}`, {
    executed: 'yes',
  })
}
