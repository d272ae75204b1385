/**
 * A scenario of whole members in which each run has a memory of its own, outside of all members.
 *
 * What services note there survives every crash, and no fault reaches it: so it is the place to count what really
 * happened. It is begun anew for each run, since two runs that shared it would not be two runs of one plan.
 */
import { memberScenario, type MemberScenarioOptions } from '../members/member-scenario.ts'
import type { Director } from '../members/world.ts'
import type { Scenario } from '../scenario.ts'

type Running = 'program' | 'modules' | 'programs'

export interface RunParts extends Pick<MemberScenarioOptions, Running> {
  readonly director: Director
}

/** `begin` makes the memory of one run, and what uses it. */
export function scenarioWithMemory(options: Omit<MemberScenarioOptions, Running>, begin: () => RunParts): Scenario {
  const described = memberScenario(options, () => Promise.resolve())
  return {
    ...described,
    run: (plan, surroundings) => {
      const { director, ...parts } = begin()
      return memberScenario({ ...options, ...parts }, director).run(plan, surroundings)
    },
  }
}
