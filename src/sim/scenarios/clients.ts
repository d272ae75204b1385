/**
 * Clients of a scenario: on each member some, each doing one thing after the other until the time for faults is over.
 *
 * A client outlives its member: while that is down it waits. What it does, and what it makes of errors, is the
 * scenario's affair; only an error that is none of ours ends the run, as a broken claim.
 */
import { isCardumenError } from '../../lib/cardumen-error.ts'
import type { System } from '../../servers/system.ts'
import type { World } from '../members/world.ts'

const againMs = 100

export interface Client {
  /** `m1.1`: the first one on m1. */
  readonly name: string
  readonly member: string
}

export interface ClientsOptions {
  readonly perMember: number
  /** Between two operations of a client at most. */
  readonly gapMsMax: number
}

/** Resolves when all of them are done with their last operation. */
export async function runClients(
  world: World,
  { perMember, gapMsMax }: ClientsOptions,
  act: (client: Client) => Promise<void>,
): Promise<void> {
  const loop = async (client: Client): Promise<void> => {
    for (;;) {
      await world.sleep(world.random.next() * gapMsMax)
      if (world.nowMs >= world.durationMs) return
      if (world.isUp(client.member)) await act(client)
    }
  }
  const clients = world.names.flatMap((member) =>
    Array.from({ length: perMember }, (_, index) => ({ member, name: `${member}.${index + 1}` })),
  )
  await Promise.all(clients.map(loop))
}

/** Tries until one try succeeds; claims `progress` where none does in time. After calm only. */
export async function expectSuccess<Result>(
  world: World,
  what: string,
  withinMs: number,
  run: () => Promise<Result>,
): Promise<Result | undefined> {
  const startedMs = world.nowMs
  for (;;) {
    try {
      const result = await run()
      const tookMs = world.nowMs - startedMs
      world.expect(tookMs <= withinMs, 'progress', `${what} took ${tookMs} ms after everything was calm`)
      return result
    } catch (error) {
      if (!isCardumenError(error)) throw error
      if (world.nowMs - startedMs > withinMs) {
        world.expect(false, 'progress', `${what} still fails (${error.code}: ${error.message}) after calm`)
        return undefined
      }
      await world.sleep(100)
    }
  }
}

/**
 * For programs: what needs the engine is tried again while that is out of reach. Undefined: the member has left
 * meanwhile, and its next life begins from the start.
 */
export async function persistently<Result>(system: System, run: () => Promise<Result>): Promise<Result | undefined> {
  for (;;) {
    try {
      return await run()
    } catch (error) {
      if (!isCardumenError(error)) throw error
      if (error.code === 'closed' || error.code === 'lease-lost') return undefined
    }
    await system.sleep(againMs)
  }
}

export function pick<Choice>(world: World, choices: readonly [Choice, ...Choice[]]): Choice {
  return choices[world.random.below(choices.length)] ?? choices[0]
}
