/**
 * Steps through events at a terminal: Enter shows the next one, a number so many, `c` the rest, `q` ends.
 *
 * Where standard input is no terminal all of them are shown, so that a pipe gets the whole story.
 */
import { createInterface, type Interface } from 'node:readline/promises'
import type { TraceEvent } from '../edges/trace.ts'
import { describeEvent } from '../sim/traces/describe-event.ts'
import { print } from './terminal.ts'

export class Stepper implements Disposable {
  readonly #lines: Interface | undefined

  constructor(input: NodeJS.ReadStream, output: NodeJS.WriteStream) {
    this.#lines = input.isTTY === true ? createInterface({ input, output }) : undefined
  }

  /** Each step may be several events, or none. */
  async run(steps: Iterable<readonly TraceEvent[]>, total: number): Promise<void> {
    let left = this.#lines === undefined ? Number.POSITIVE_INFINITY : 1
    let shown = 0
    for (const events of steps) {
      if (left <= 0) left = await this.#ask(shown, total)
      if (left === 0) return
      for (const event of events) print(describeEvent(event))
      shown += events.length
      left--
    }
  }

  [Symbol.dispose](): void {
    this.#lines?.close()
  }

  /** How many to show now; 0: no more. */
  async #ask(shown: number, total: number): Promise<number> {
    for (;;) {
      const answer = (await this.#lines?.question(`${shown}/${total} Enter, a number, c or q: `))?.trim() ?? 'q'
      if (answer === '') return 1
      if (answer === 'q') return 0
      if (answer === 'c') return Number.POSITIVE_INFINITY
      if (/^\d{1,7}$/.test(answer) && Number(answer) > 0) return Number(answer)
    }
  }
}
