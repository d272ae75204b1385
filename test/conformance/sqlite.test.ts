/** The embedded engine passes the conformance suite. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { changeBytesKeptMax, trimmedBytesMax } from '../../src/engines/sqlite/bounds.ts'
import { openSqliteEngine } from '../../src/engines/sqlite/sqlite-engine.ts'
import type { Engine } from '../../src/edges/engine.ts'
import { engineConformance, type Engines } from './engine.ts'

const fillerBytes = 1_048_576

async function makeEngines(): Promise<Engines> {
  const folder = await mkdtemp(join(tmpdir(), 'cardumen-engine-'))
  const opened: Engine[] = []
  return {
    async open() {
      const engine = await openSqliteEngine({ folder })
      opened.push(engine)
      return engine
    },
    /** The log is bounded by bytes as well; filling it is the quickest way to make it forget. */
    async compact(engine) {
      const filler = new Uint8Array(fillerBytes)
      const count = (changeBytesKeptMax + trimmedBytesMax) / fillerBytes
      await Promise.all(Array.from({ length: count }, (_, index) => engine.put(`filler/${index % 2}`, filler)))
      for (let index = 0; index < 2; index++) await engine.delete(`filler/${index}`)
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(opened.map((engine) => engine.close()))
      await rm(folder, { recursive: true, force: true })
    },
  }
}

engineConformance('sqlite', makeEngines)
