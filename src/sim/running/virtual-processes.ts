/**
 * Child processes of a simulated world: programs that the world knows, as async functions in virtual time.
 *
 * A program gets all that it has of a machine as its argument, so that nothing it does escapes the world, and its
 * promise is its exit code. It dies with its member's life, whose clock it waits by. There are no files, so a program
 * is entered under the end of its module's path, and its working folder is only a text.
 */
import type { Clock } from '../../edges/clock.ts'
import type { ChildProcess, ProcessEvents, Processes, ProcessSpec } from '../../edges/processes.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { Random } from '../../lib/random.ts'
import { listed, registeredUnder } from './registered.ts'
import { VirtualChild } from './virtual-child.ts'

export interface ProgramProcess {
  readonly pid: number
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly workingFolder: string | undefined
  /** Once, by one reader. */
  readonly input: AsyncIterable<Uint8Array>
  /** Resolves when there is room for more; who never waits for that ends over `outputHeldBytesMax`. */
  readonly writeOutput: (chunk: Uint8Array) => Promise<void>
  readonly writeError: (chunk: Uint8Array) => Promise<void>
  /** Stands still while the process is stopped, and ends with it. */
  readonly clock: Clock
  readonly random: Random
  /** From now on that signal calls `listener` and does not end the process. */
  readonly onSignal: (name: 'SIGTERM' | 'SIGINT', listener: () => void) => void
}

/** Resolves to the exit code; what it throws is written to its error output, and its exit code is 1. */
export type VirtualProgram = (process: ProgramProcess) => Promise<number>

/** By URL, or by the end of its module's path. */
export type Programs = Readonly<Record<string, VirtualProgram>>

export interface VirtualProcessesOptions {
  /** Of the member's life: the timers of one that has ended never fire. */
  readonly clock: Clock
  readonly random: Random
  readonly programs: Programs
  /** Unique in the world. */
  nextPid(): number
  /** How long a process takes to start. Default 0. */
  readonly startMs?: number
}

export function virtualProcesses(options: VirtualProcessesOptions): Processes {
  return {
    async start(spec: ProcessSpec, events: ProcessEvents): Promise<ChildProcess> {
      await new Promise<void>((resolve) => options.clock.after(options.startMs ?? 0, resolve))
      const program = registeredUnder(options.programs, spec.module)
      if (program === undefined) throw noProgram(spec.module, options.programs)
      const process = new VirtualChild(options.nextPid(), options, spec, events)
      process.begin(program)
      return process
    },
  }
}

function noProgram(module: string, programs: Programs): CardumenError {
  return new CardumenError('process-failed', `The world has no program ${module} to run; ${listed(programs)}.`, {
    hint: 'Enter the program in the world under the end of its path.',
  })
}
