/**
 * Our side of `engine`: the embedded engine, as each member of a system has it open.
 *
 * Opened by joining, so that what membership itself writes and watches is part of the figures.
 */
import { join } from '../../src/cardumen.ts'
import type { EngineAdapter } from '../engine/bench-engine.ts'

export const adapter: EngineAdapter = {
  async open(folder) {
    const system = await join({ home: folder })
    const { engine } = system.member
    return {
      put: (key, value) => engine.put(key, value),
      get: (key) => engine.get(key),
      close: () => system.close(),
    }
  },
}
