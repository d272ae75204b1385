/**
 * One program that a member runs: its output waits here for a reader, and everybody who asks learns how it ended.
 *
 * It holds a bounded part of the output and stops reading the rest, so a reader that is slow slows the program down,
 * and nobody's memory grows. Who may call it is the table's affair.
 */
import type { ChildProcess, ExitStatus, ProcessEvents } from '../../edges/processes.ts'
import { assert } from '../../lib/assert.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { ProgramSpec } from './program-table.ts'

/** Output that nobody has read; over it the program's pipes are not emptied any more. */
export const outputBytesMax = 1_048_576
const outputBytesResume = 262_144

export interface OutputChunk {
  readonly stream: 'stdout' | 'stderr'
  readonly chunk: Uint8Array
}

type SignalName = Parameters<ChildProcess['signal']>[0]

export class RunningProgram implements ProcessEvents {
  readonly spec: ProgramSpec
  readonly startedMs: number
  readonly #onEnded: () => void
  readonly #output: OutputChunk[] = []
  #outputBytes = 0
  #child: ChildProcess | undefined
  #isPaused = false
  #isSuspended = false
  #isRead = false
  #status: ExitStatus | undefined
  /** Resolved at every event, for whoever waits for output, for room in the input, or for the end. */
  #change = newChange()
  #hasInputRoom = true
  #isReleased = false
  /** Released with output that nobody has read, or that was still to come. */
  #isCutOff = false

  constructor(spec: ProgramSpec, startedMs: number, onEnded: () => void) {
    this.spec = spec
    this.startedMs = startedMs
    this.#onEnded = onEnded
  }

  begin(child: ChildProcess): void {
    this.#child = child
    if (this.#outputBytes > outputBytesMax) this.#pause()
  }

  get pid(): number {
    return this.#started().pid
  }

  get state(): 'running' | 'suspended' | 'ended' {
    if (this.#status !== undefined) return 'ended'
    return this.#isSuspended ? 'suspended' : 'running'
  }

  get status(): ExitStatus | undefined {
    return this.#status
  }

  /** Bytes that nobody has read. */
  get outputBytes(): number {
    return this.#outputBytes
  }

  /** Somebody reads it, or may want to. */
  get hasOutputLeft(): boolean {
    return this.#isRead || this.#output.length > 0
  }

  onOutput(stream: OutputChunk['stream'], chunk: Uint8Array): void {
    if (this.#isReleased) return
    this.#output.push({ stream, chunk })
    this.#outputBytes += chunk.length
    if (this.#outputBytes > outputBytesMax) this.#pause()
    this.#changed()
  }

  onInputDrain(): void {
    this.#hasInputRoom = true
    this.#changed()
  }

  onExit(status: ExitStatus): void {
    this.#status = status
    this.#changed()
    this.#onEnded()
  }

  /** @throws CardumenError `try-again` while another reader is at it; `process-unknown` where the rest is lost. */
  async *output(): AsyncGenerator<OutputChunk, void> {
    if (this.#isRead) throw new CardumenError('try-again', 'Somebody else reads the output of this process.')
    this.#isRead = true
    try {
      for (;;) {
        const next = this.#output.shift()
        if (next !== undefined) {
          this.#outputBytes -= next.chunk.length
          if (this.#outputBytes < outputBytesResume) this.#resume()
          yield next
        } else if (this.#isCutOff) throw cutOff()
        else if (this.#status !== undefined) return
        else await this.#change.promise
      }
    } finally {
      this.#isRead = false
    }
  }

  async write(chunk: Uint8Array): Promise<void> {
    while (!this.#hasInputRoom && this.#status === undefined) await this.#change.promise
    if (this.#status !== undefined)
      throw new CardumenError('process-unknown', 'The process has ended and reads no more.')
    this.#hasInputRoom = this.#started().writeInput(chunk)
  }

  endInput(): void {
    if (this.#status === undefined) this.#started().endInput()
  }

  signal(name: SignalName): void {
    if (this.#status !== undefined) return
    if (name === 'SIGSTOP' || name === 'SIGCONT') this.#isSuspended = name === 'SIGSTOP'
    this.#started().signal(name)
  }

  async wait(): Promise<ExitStatus> {
    while (this.#status === undefined) await this.#change.promise
    return this.#status
  }

  /** Kills it where it still runs, and lets it come to its end though nobody reads. */
  end(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    this.#isCutOff = this.#status === undefined || this.#output.length > 0
    this.signal('SIGKILL')
    this.#outputBytes = 0
    this.#output.length = 0
    this.#resume()
    this.#changed()
  }

  #pause(): void {
    if (this.#isPaused || this.#child === undefined) return
    this.#isPaused = true
    this.#child.pauseOutput()
  }

  #resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#child?.resumeOutput()
  }

  #changed(): void {
    const before = this.#change
    this.#change = newChange()
    before.resolve()
  }

  #started(): ChildProcess {
    assert(this.#child !== undefined, 'a program is in the table once it has started')
    return this.#child
  }
}

function cutOff(): CardumenError {
  return new CardumenError('process-unknown', 'The process was forgotten before all of its output was read.', {
    executed: 'yes',
  })
}

interface ChangeToCome {
  readonly promise: Promise<void>
  readonly resolve: () => void
}

function newChange(): ChangeToCome {
  let resolve = (): void => undefined
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
