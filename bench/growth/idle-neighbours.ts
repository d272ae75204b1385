/**
 * The control of the suite `growth`: the floor's pair of processes, with ever more idle Node processes beside it.
 *
 * What its latency gains from 2 to 16 is the machine's doing, not a system's.
 */
import type { ChildProcess } from 'node:child_process'
import type { Client } from '../calls/pairs.ts'
import { startIdleNode, stop } from '../harness/processes.ts'

export class IdleNeighbours {
  readonly #pair: Client
  readonly #idle: ChildProcess[] = []

  constructor(pair: Client) {
    this.#pair = pair
  }

  async grow(): Promise<void> {
    this.#idle.push(await startIdleNode())
  }

  async medianUs(durationMs: number): Promise<number> {
    return (await this.#pair.request('latency', { durationMs })).medianUs
  }

  async close(): Promise<void> {
    await Promise.all(this.#idle.map(stop))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
