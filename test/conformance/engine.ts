/**
 * The conformance suite of engines: every sentence of `src/edges/engine.ts` as a test.
 *
 * An engine passes by calling `engineConformance` with a way to make fresh systems. What only whole processes can show
 * (death, a full disk, a stopped process) is tested beside each engine, for SQLite in `test/engine/`.
 */
import { describe } from 'node:test'
import type { Engine } from '../../src/edges/engine.ts'
import { describeLeases } from './engine-leases.ts'
import { describeLifetime } from './engine-lifetime.ts'
import { describeModel } from './engine-against-model.ts'
import { describeReads } from './engine-reads.ts'
import { describeTransactions } from './engine-transactions.ts'
import { describeWatches } from './engine-watches.ts'

/** One fresh system, which several engine objects can open. */
export interface Engines {
  open(): Promise<Engine>
  /** Makes the engine give up the changes that were made until now. */
  compact(engine: Engine): Promise<void>
  /** Closes what was opened, and removes the system. */
  [Symbol.asyncDispose](): Promise<void>
}

export type MakeEngines = () => Promise<Engines>

export function engineConformance(name: string, makeEngines: MakeEngines): void {
  describe(`engine conformance: ${name}`, () => {
    describeLifetime(makeEngines)
    describeReads(makeEngines)
    describeTransactions(makeEngines)
    describeWatches(makeEngines)
    describeLeases(makeEngines)
    describeModel(makeEngines)
  })
}
