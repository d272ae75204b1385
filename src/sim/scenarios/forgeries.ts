/**
 * A member that calls with capabilities that it was not given: each is refused before anything runs.
 *
 * Forged are the number of the object, which is easy to guess, and the check field, which must not be; at the port of a
 * service that is there, so that nothing else keeps the call away.
 */
import { Capability } from '../../kernel/capability.ts'
import { defineService } from '../../kernel/service.ts'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import type { World } from '../members/world.ts'
import type { Scenario } from '../scenario.ts'
import { scenarioWithMemory } from './scenario-with-memory.ts'

const Safe = defineService('safe', { open: {} })

const attempts = 10
const timeoutMs = 5_000
const leasesEndedMs = 30_000
/** In the bytes of a capability: behind the port. */
const objectAt = 16
const checkAt = 24

/** `given`: the thief has the very capability; only to see that a check finds it. */
export type ForgeriesVariant = 'right' | 'given'

export function forgeriesScenario(variant: ForgeriesVariant = 'right'): Scenario {
  return scenarioWithMemory(
    {
      name: 'forgeries',
      about: 'a capability that nobody gave out opens nothing',
      ...{ members: 2, membersMin: 2, durationMs: 1_000 },
    },
    () => {
      const opened: number[] = []
      return { director: (world) => tryAll(world, opened, variant) }
    },
  )
}

export const forgeries = forgeriesScenario()

async function tryAll(world: World, opened: number[], variant: ForgeriesVariant): Promise<void> {
  await world.sleep(world.durationMs)
  await world.calm()
  // What trouble of the engine has cost of leases shows only as they end.
  await world.sleep(leasesEndedMs)
  await world.calm()
  const open = (_: unknown, { object }: { readonly object: number }): void => void opened.push(object)
  const [owner = '', thief = ''] = world.names
  const bytes = await world.on(owner, async (system) => {
    const served = await system.serve(Safe, { open })
    return Capability.toBytes(served.capabilityFor(1))
  })
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const at = world.random.next() < 0.5 ? objectAt + 2 : checkAt + world.random.below(16)
    const end = await tryOne(world, thief, variant === 'given' ? Capability.fromBytes(bytes) : forged(bytes, at))
    world.expect(end === 'capability-refused no', 'capability', `a forged capability (byte ${at}) ended as ${end}`)
  }
  world.expect(opened.length === 0, 'capability', `objects ${opened.join(', ')} were opened by forged capabilities`)
}

function forged(bytes: Uint8Array, at: number): Capability | undefined {
  const changed = bytes.slice()
  changed[at] = (changed[at] ?? 0) ^ 1
  return Capability.fromBytes(changed)
}

async function tryOne(world: World, thief: string, capability: Capability | undefined): Promise<string> {
  if (capability === undefined) return 'capability-refused no'
  try {
    await world.on(thief, (system) => system.open(Safe, capability).open(undefined, { timeoutMs }))
    return 'ok'
  } catch (error) {
    if (isCardumenError(error)) return `${error.code} ${error.executed}`
    throw error
  }
}
