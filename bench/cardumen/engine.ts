/**
 * Our side of `engine`: the embedded engine, as each member of a system has it open.
 *
 * Opened by joining, so that what membership itself writes and watches is part of the figures.
 */
import { join, type System } from '../../src/cardumen.ts'
import { type EngineAdapter, VALUE_BYTES } from '../engine/bench-engine.ts'

type Engine = System['member']['engine']

/** Long enough that no key goes by time alone. */
const LEASE_TTL_MS = 60_000

export const adapter: EngineAdapter = {
  async open(folder) {
    const system = await join({ home: folder })
    const { engine } = system.member
    return {
      put: (key, value) => engine.put(key, value),
      get: (key) => engine.get(key),
      hold: async (key) => {
        const lease = await engine.grantLease({ ttlMs: LEASE_TTL_MS })
        await engine.put(key, new Uint8Array(VALUE_BYTES), { lease: lease.id })
      },
      follow: async (prefix, onChange) => {
        // From the call on.
        void tellChanges(engine.watch(prefix), onChange)
      },
      close: () => system.close(),
    }
  },
}

/** Until the engine closes. */
async function tellChanges(changes: ReturnType<Engine['watch']>, onChange: (key: string) => void): Promise<void> {
  for await (const batch of changes) for (const { key } of batch.changes) onChange(key)
}
