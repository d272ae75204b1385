/**
 * First calls over new links, once all faults are over: what waited for the link arrives with it.
 *
 * A message that is lost there would be repaired by the call machine, which asks after a second; so each first call has
 * less time than that, and only a link that loses nothing lets all of them succeed.
 */
import { defineService } from '../../kernel/service.ts'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { memberScenario } from '../members/member-scenario.ts'
import type { Scenario } from '../scenario.ts'

const Greeter = defineService('greeter', { greet: {} })

const timeoutMs = 900

/** @param handlerMs - how long each call takes by itself: more than its time only to see that a check finds it. */
export function firstCallsScenario(handlerMs = 0): Scenario {
  return memberScenario(
    {
      name: 'first-calls',
      about: 'the first call over a new link loses no time',
      members: 4,
      membersMin: 2,
      durationMs: 1_000,
      faultKinds: ['loss', 'reorder', 'delay', 'clock-offset', 'clock-drift'],
      program: async (system) => {
        await system.serve(Greeter, { greet: () => system.sleep(handlerMs) }, { name: `greeter-${system.name}` })
      },
    },
    async (world) => {
      await world.sleep(world.durationMs)
      await world.calm()
      const greet = async (from: string, to: string): Promise<void> => {
        const call = world.on(from, (system) => system.open(Greeter, `greeter-${to}`).greet(undefined, { timeoutMs }))
        const failure = await call.then(() => undefined, messageOf)
        world.expect(failure === undefined, 'prompt', `the first call from ${from} to ${to}: ${failure}`)
      }
      await Promise.all(world.names.flatMap((from) => world.names.map((to) => greet(from, to))))
    },
  )
}

export const firstCalls = firstCallsScenario()

function messageOf(error: unknown): string {
  if (!isCardumenError(error)) throw error
  return error.message
}
