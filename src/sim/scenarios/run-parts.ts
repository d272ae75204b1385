/**
 * What the scenario `run` runs elsewhere: a module of jobs and a program, which note in a ledger that they ran.
 *
 * The ledger is the scenario's own and outlives every member, so a second execution in another life is seen.
 */
import type { Programs } from '../running/virtual-processes.ts'
import type { Modules } from '../running/virtual-workers.ts'
import { fromUtf8Lenient, toUtf8 } from '../../lib/text.ts'
import { sleep } from '../../servers/sleep.ts'

export const jobsUrl = 'file:///simulated/jobs.ts'
export const programUrl = 'file:///simulated/report.ts'
export const endlessUrl = 'file:///simulated/endless.ts'
const tickMs = 200

/** What a caller imports. */
export interface Jobs {
  /** May not run twice. */
  once(input: JobInput): Promise<string>
  /** May. */
  again(input: JobInput): Promise<string>
  fail(input: JobInput): Promise<string>
  /** Ends its thread, and with it whatever else the thread has begun. */
  exit(input: JobInput): Promise<string>
}

export interface JobInput {
  readonly call: string
  readonly delayMs: number
}

/** What our own code does wrong on purpose. */
export type RunVariant = 'right' | 'runs-twice' | 'wrong-result' | 'cut-output' | 'never-ends'

export class RunLedger {
  readonly #executions = new Map<string, number>()

  note(call: string): void {
    this.#executions.set(call, this.executionsOf(call) + 1)
  }

  executionsOf(call: string): number {
    return this.#executions.get(call) ?? 0
  }
}

/** Of a job; its caller computes it too. */
export function resultOf(call: string): string {
  return `done ${call}`
}

/** Of the program, by what it got. */
export function outputOf(call: string, input: string): string {
  return `${call}: ${input.toUpperCase()}`
}

export function jobModules(ledger: RunLedger, variant: RunVariant): Modules {
  return {
    'jobs.ts': ({ clock, exit }) => {
      const run = async ({ call, delayMs }: JobInput): Promise<string> => {
        ledger.note(call)
        await sleep(clock, delayMs, undefined)
        return variant === 'wrong-result' ? resultOf('another') : resultOf(call)
      }
      return {
        once: (input: JobInput) => {
          if (variant === 'runs-twice') ledger.note(input.call)
          return variant === 'never-ends' ? new Promise<never>(() => undefined) : run(input)
        },
        again: run,
        fail: async (input: JobInput) => {
          await run(input)
          throw new RangeError('no')
        },
        exit: async (input: JobInput) => {
          const result = await run(input)
          exit(1)
          return result
        },
      }
    },
  }
}

/**
 * `report.ts CALL MS CODE`: notes that it runs, waits, answers its input, and ends with the code. `endless.ts CALL`: notes
 * again and again that it runs.
 */
export function jobPrograms(ledger: RunLedger, variant: RunVariant): Programs {
  return {
    'report.ts': async ({ args, clock, input, writeOutput }) => {
      const [call = '', delayMs = '0', code = '0'] = args
      ledger.note(call)
      let read = ''
      for await (const chunk of input) read += fromUtf8Lenient(chunk)
      await sleep(clock, Number(delayMs), undefined)
      const output = outputOf(call, read)
      await writeOutput(toUtf8(variant === 'cut-output' ? output.slice(0, -1) : output))
      return Number(code)
    },
    'endless.ts': async ({ args, clock }) => {
      for (;;) {
        ledger.note(args[0] ?? '')
        await sleep(clock, tickMs, undefined)
      }
    },
  }
}
