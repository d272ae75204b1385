/**
 * A member that dies for good, once all other faults are over: everybody hears of it, and nobody waits for it any more.
 *
 * Swarms start again whoever crashed, and a new life tells others that the old one is over; so only this shows whether a
 * death is noticed by itself. Each other member has a call without a deadline under way at the one that dies.
 */
import { defineService } from '../../kernel/service.ts'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import type { System } from '../../servers/system.ts'
import { memberScenario } from '../members/member-scenario.ts'
import type { World } from '../members/world.ts'
import type { Scenario } from '../scenario.ts'
import { persistently } from './clients.ts'

const Pond = defineService('pond', { stay: {} })

/** A lease and what the engine takes to tell. */
const noticedWithinMs = 30_000
const underWayMs = 2_000

/** `spared`: it does not die; only to see that the checks find it. */
export type DeathsVariant = 'right' | 'spared'

export function deathsScenario(variant: DeathsVariant = 'right'): Scenario {
  return memberScenario(
    {
      name: 'deaths',
      about: 'a member that dies for good is noticed by all, and calls to it end',
      members: 5,
      membersMin: 2,
      durationMs: 4_000,
      program: async (system) => {
        const stay = (): Promise<void> => new Promise<void>(() => undefined)
        await persistently(system, () => system.serve(Pond, { stay }, { name: pondOf(system.name) }))
      },
    },
    async (world) => {
      await world.sleep(world.durationMs)
      await world.calm()
      // What trouble of the engine has cost of leases shows only as they end: nobody else is to die later.
      await world.sleep(noticedWithinMs)
      await world.calm()
      const [first = '', ...others] = world.names
      const ends = others.map((name) => endOf(world, name, first))
      await world.sleep(underWayMs)
      if (variant === 'right') world.crash(first, world.random.next() < 0.5 ? 'process' : 'machine')
      await world.sleep(noticedWithinMs)
      for (const [index, name] of others.entries()) checkNoticed(world, name, first, ends[index]?.how)
    },
  )
}

export const deaths = deathsScenario()

function pondOf(member: string): string {
  return `pond-${member}`
}

interface End {
  how: string | undefined
}

/** Of a call that can only end by the death of who serves it; tried again until it is there. */
function endOf(world: World, name: string, first: string): End {
  const end: End = { how: undefined }
  const call = async (system: System): Promise<void> => {
    for (;;) {
      try {
        await system.open(Pond, pondOf(first)).stay(undefined, { timeoutMs: Number.POSITIVE_INFINITY })
      } catch (error) {
        if (!isCardumenError(error)) throw error
        if (error.executed === 'no' && error.code === 'name-unknown') await system.sleep(100)
        else return void (end.how = `${error.code} ${error.executed}`)
      }
    }
  }
  void world.on(name, call).catch(() => undefined)
  return end
}

function checkNoticed(world: World, name: string, dead: string, how: string | undefined): void {
  if (!world.isUp(name)) return
  const { member } = world.system(name)
  const isListed = member.members().some(({ id }) => id === dead)
  world.expect(!isListed, 'death-noticed', `${name} still lists ${dead} ${noticedWithinMs} ms after its death`)
  const isServed = member.servers(pondOf(dead)).length > 0
  world.expect(!isServed, 'death-noticed', `for ${name} ${dead} still serves ${noticedWithinMs} ms after its death`)
  world.expect(how === 'member-died unknown', 'call-ends', `the call of ${name} to ${dead} ended as ${how}`)
}
