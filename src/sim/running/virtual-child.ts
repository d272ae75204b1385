/**
 * One virtual process: its input and outputs as pipes with bounds, its signals, its end.
 *
 * A stopped process is one whose clock stands still: it goes no further than its next wait. A pipe that nobody
 * empties makes the program wait, where it awaits its writes; what it wrote before it ended can still be read, and
 * its exit is told after that, as on a host.
 */
import type { ChildProcess, ExitStatus, ProcessEvents, ProcessSpec } from '../../edges/processes.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { toUtf8 } from '../../lib/text.ts'
import { messageOf } from './job-replies.ts'
import { PartClock } from './part-clock.ts'
import type { ProgramProcess, VirtualProcessesOptions, VirtualProgram } from './virtual-processes.ts'

/** What a pipe holds before its writer is to wait. */
export const pipeBytesMax = 65_536
/** How long a full pipe takes to be emptied, so that a program that only writes does not stop the world's time. */
const pipeDrainMs = 1
/** What a program may write without waiting; over it the program is ended as by an error that nobody caught. */
export const outputHeldBytesMax = 16_777_216

type SignalName = Parameters<ChildProcess['signal']>[0]

interface Output {
  readonly stream: 'stdout' | 'stderr'
  readonly chunk: Uint8Array
}

export class VirtualChild implements ChildProcess {
  readonly pid: number
  readonly #options: VirtualProcessesOptions
  readonly #spec: ProcessSpec
  readonly #events: ProcessEvents
  readonly #clock: PartClock
  readonly #listeners = new Map<SignalName, () => void>()
  #input: Uint8Array[] = []
  #inputBytes = 0
  #hasInputEnded = false
  #wakeReader: () => void = () => undefined
  #outputs: Output[] = []
  #outputBytes = 0
  #writers: (() => void)[] = []
  #isPaused = false
  #isDeliveryDue = false
  #status: ExitStatus | undefined
  #isExitTold = false

  constructor(pid: number, options: VirtualProcessesOptions, spec: ProcessSpec, events: ProcessEvents) {
    this.pid = pid
    this.#options = options
    this.#spec = spec
    this.#events = events
    this.#clock = new PartClock(options.clock, (error) => this.#crash(error))
  }

  begin(program: VirtualProgram): void {
    this.#clock.soon(() => void this.#run(program))
  }

  writeInput(chunk: Uint8Array): boolean {
    if (this.#status !== undefined || this.#hasInputEnded) return true
    this.#input.push(chunk.slice())
    this.#inputBytes += chunk.length
    this.#clock.soon(() => this.#wakeReader())
    return this.#inputBytes < pipeBytesMax
  }

  endInput(): void {
    this.#hasInputEnded = true
    this.#clock.soon(() => this.#wakeReader())
  }

  pauseOutput(): void {
    this.#isPaused = true
  }

  resumeOutput(): void {
    this.#isPaused = false
    this.#deliverSoon()
  }

  signal(name: SignalName): void {
    if (this.#status !== undefined) return
    if (name === 'SIGSTOP') this.#clock.suspend()
    else if (name === 'SIGCONT') this.#clock.resume()
    else if (name === 'SIGKILL') this.#end({ code: undefined, signal: name })
    // A stopped process gets its other signals when it goes on.
    else this.#clock.soon(() => this.#onSignal(name))
  }

  async #run(program: VirtualProgram): Promise<void> {
    try {
      const code = await program(this.#surroundings())
      this.#whenRunning(() => this.#end({ code, signal: undefined }))
    } catch (error) {
      this.#crash(error)
    }
  }

  #surroundings(): ProgramProcess {
    const { args, env, workingFolder } = this.#spec
    return {
      pid: this.pid,
      args,
      env,
      workingFolder,
      input: this.#readInput(),
      writeOutput: (chunk) => this.#write('stdout', chunk),
      writeError: (chunk) => this.#write('stderr', chunk),
      clock: this.#clock,
      random: this.#options.random,
      onSignal: (name, listener) => void this.#listeners.set(name, listener),
    }
  }

  #onSignal(name: SignalName): void {
    const listener = this.#listeners.get(name)
    if (listener === undefined) this.#end({ code: undefined, signal: name })
    else listener()
  }

  /** As Node does for an error that nobody caught. */
  #crash(error: unknown): void {
    this.#whenRunning(() => {
      if (this.#status !== undefined) return
      this.#put('stderr', toUtf8(`Uncaught ${messageOf(error)}\n`))
      this.#end({ code: 1, signal: undefined })
    })
  }

  /** A promise may come through in a process that was stopped meanwhile. */
  #whenRunning(act: () => void): void {
    if (this.#clock.isSuspended) this.#clock.soon(act)
    else act()
  }

  #end(status: ExitStatus): void {
    if (this.#status !== undefined) return
    this.#status = status
    this.#clock.end()
    this.#input = []
    this.#inputBytes = 0
    this.#writers = []
    this.#deliverSoon()
  }

  async *#readInput(): AsyncGenerator<Uint8Array, void> {
    for (;;) {
      const chunk = this.#input.shift()
      if (chunk !== undefined) {
        this.#noteRead(chunk.length)
        yield chunk
      } else if (this.#hasInputEnded) return
      else
        await new Promise<void>((resolve) => {
          this.#wakeReader = resolve
        })
    }
  }

  #noteRead(sizeBytes: number): void {
    const wasFull = this.#inputBytes >= pipeBytesMax
    this.#inputBytes -= sizeBytes
    if (wasFull && this.#inputBytes < pipeBytesMax) this.#options.clock.soon(() => this.#events.onInputDrain())
  }

  async #write(stream: Output['stream'], chunk: Uint8Array): Promise<void> {
    if (this.#status !== undefined) return
    if (this.#outputBytes + chunk.length > outputHeldBytesMax)
      return this.#crash(
        new CardumenError('too-large', `Over ${outputHeldBytesMax} bytes of output that nobody has read.`),
      )
    this.#put(stream, chunk.slice())
    while (this.#outputBytes >= pipeBytesMax)
      await new Promise<void>((resolve) => {
        this.#writers.push(resolve)
      })
  }

  #put(stream: Output['stream'], chunk: Uint8Array): void {
    this.#outputs.push({ stream, chunk })
    this.#outputBytes += chunk.length
    this.#deliverSoon()
  }

  /** By the clock of the life, since what is in a pipe can be read from a process that is stopped or dead. */
  #deliverSoon(): void {
    if (this.#isDeliveryDue || this.#isPaused) return
    this.#isDeliveryDue = true
    this.#options.clock.soon(() => this.#deliver())
  }

  #deliver(): void {
    this.#isDeliveryDue = false
    while (!this.#isPaused) {
      const output = this.#outputs.shift()
      if (output === undefined) break
      this.#outputBytes -= output.chunk.length
      this.#events.onOutput(output.stream, output.chunk)
    }
    if (this.#outputBytes < pipeBytesMax && this.#status === undefined) this.#letWritersGoOn()
    if (this.#status !== undefined && this.#outputs.length === 0 && !this.#isExitTold) {
      this.#isExitTold = true
      this.#events.onExit(this.#status)
    }
  }

  #letWritersGoOn(): void {
    const writers = this.#writers.splice(0)
    if (writers.length > 0) this.#clock.after(pipeDrainMs, () => writers.forEach((wake) => wake()))
  }
}
