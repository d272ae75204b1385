/** The engine of the simulator passes the conformance suite, in a virtual time that runs as fast as it can. */
import { TestClient, TestTime } from '../../src/sim/engine/fixtures/test-time.ts'
import { VirtualEngineStore } from '../../src/sim/engine/virtual-engine-store.ts'
import type { Engine } from '../../src/edges/engine.ts'
import { engineConformance, type Engines } from './engine.ts'

let systems = 0

async function makeEngines(): Promise<Engines> {
  const seed = ++systems
  const time = new TestTime(seed, { drivesItself: true })
  const store = new VirtualEngineStore({ time, seed })
  const opened: Engine[] = []
  return {
    async open() {
      const engine = store.connect(new TestClient(`m${opened.length + 1}`, time))
      opened.push(engine)
      return engine
    },
    async compact() {
      store.compact()
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(opened.map((engine) => engine.close()))
    },
  }
}

engineConformance('virtual', makeEngines)
