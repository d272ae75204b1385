/**
 * The lock in a simulated world: three clients take numbers while processes stop and messages are late.
 *
 *     npm run cardumen -- simulate examples/lock/lock-scenario.ts --seeds 100
 *
 * The claim: no two of them ever get the same number.
 */
import { defineScenario, type Director, type FaultKind, type SimulateOptions, type World } from 'cardumen/simulate'
import { serveCounter, serveLock, type Store } from './servers.ts'
import { takeNumber } from './take-number.ts'

const clients = ['ann', 'bob', 'cid']
/** Nobody dies here, since the counter is in memory only; one that keeps it on a disk would want `crash` as well. */
const faultKinds: readonly FaultKind[] = ['pause', 'slow', 'delay', 'loss', 'break']

export function lockOptions(store: Store): SimulateOptions {
  return {
    name: `lock-${store}`,
    members: ['server', ...clients],
    membersMin: 3,
    duration: 5_000,
    faultKinds,
    // Runs when a member starts. It makes all that the member has: variables of a module would belong to all of them.
    program: async (system) => {
      if (system.name !== 'server') return
      await serveLock(system)
      await serveCounter(system, store)
    },
  }
}

/** The world outside: it lets clients act while things go wrong, and looks at what they got. */
export const takeNumbers: Director = async (world) => {
  const takers = new Map<number, string>()
  const present = clients.filter((client) => world.names.includes(client))
  await Promise.all(present.map((client) => keepTaking(world, client, takers)))
}

async function keepTaking(world: World, client: string, takers: Map<number, string>): Promise<void> {
  while (world.nowMs < world.durationMs) {
    const number = await world.on(client, takeNumber)
    const other = takers.get(number)
    world.expect(other === undefined, 'unique-numbers', `${client} got number ${number}, which ${other} had got before`)
    takers.set(number, client)
    await world.sleep(world.random.next() * 100)
  }
}

export const scenario = defineScenario(lockOptions('trusting'), takeNumbers)
