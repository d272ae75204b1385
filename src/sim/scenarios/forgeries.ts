/**
 * A member that calls with capabilities that it was not given: each is refused before anything runs.
 *
 * The thief holds a capability that was narrowed to nothing. It changes the number of the object, which is easy to guess,
 * the rights, the generation or the end of the chain, or takes away what narrowed it; at the port of a service that is
 * there, so that nothing else keeps the call away.
 */
import { Capability, headerBytes, objectStart } from '../../kernel/capabilities/capability.ts'
import { defineService } from '../../kernel/service.ts'
import { concatBytes } from '../../lib/bytes.ts'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import type { Random } from '../../lib/random.ts'
import type { World } from '../members/world.ts'
import type { Scenario } from '../scenario.ts'
import { scenarioWithMemory } from './scenario-with-memory.ts'

const Safe = defineService('safe', { open: { right: 'read' } })

const attempts = 10
const timeoutMs = 5_000
const leasesEndedMs = 30_000
const tailBytes = 32

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
  const [narrow, wide] = await world.on(owner, async (system) => {
    const served = await system.serve(Safe, { open })
    const capability = served.capabilityFor(1)
    return [Capability.toBytes(capability.restrict({ rights: 0 })), Capability.toBytes(capability)] as const
  })
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const [how = '', forgery] = ways[world.random.below(ways.length)] ?? []
    const bytes = variant === 'given' ? wide : forgery?.(narrow, world.random)
    const end = await tryOne(world, thief, bytes && Capability.fromBytes(bytes))
    world.expect(end === 'capability-refused no', 'capability', `a capability with ${how} ended as ${end}`)
  }
  if (variant === 'right') {
    const end = await tryOne(world, thief, Capability.fromBytes(narrow))
    world.expect(end === 'right-missing no', 'capability', `a capability without the right ended as ${end}`)
  }
  world.expect(opened.length === 0, 'capability', `objects ${opened.join(', ')} were opened by forged capabilities`)
}

const ways: readonly (readonly [string, (bytes: Uint8Array, random: Random) => Uint8Array])[] = [
  ['another object', (bytes) => changed(bytes, objectStart + 15)],
  ['another generation', (bytes) => changed(bytes, headerBytes - 9)],
  ['a bit changed in its rights', (bytes, random) => changed(bytes, headerBytes - 8 + random.below(4))],
  ['a bit changed in its restriction', (bytes, random) => changed(bytes, headerBytes + 3 + random.below(4))],
  ['a bit changed at its end', (bytes, random) => changed(bytes, bytes.length - 1 - random.below(tailBytes))],
  ['its restriction taken away', widened],
]

function changed(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice()
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}

/** Without its only caveat; the end of the chain stays, since the thief knows no other. */
function widened(bytes: Uint8Array): Uint8Array {
  const wide = concatBytes([bytes.subarray(0, headerBytes + 1), bytes.subarray(-tailBytes)])
  wide[headerBytes] = 0
  return wide
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
