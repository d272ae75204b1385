/**
 * That each promise of a call rests on its guard: with the guard taken away, some seed breaks the promise soon, and
 * with it in place none does. `SEEDS=5000 node --test` on this file plays more of them.
 */
import assert from 'node:assert/strict'
import process from 'node:process'
import { describe, it } from 'node:test'
import type { Semantics } from '../../protocols/rpc/messages.ts'
import type { Fault } from '../faults/fault.ts'
import { swarmFaults } from '../faults/swarm.ts'
import { memberNames, type Plan, type Violation } from '../scenario.ts'
import { callForms } from './call-forms-form.ts'
import { callsWithLocate, type CallsWithLocate } from './call-forms-machine.ts'
import { FormRun } from './call-forms-run.ts'
import { callFormsScenario, formRunOptions } from './call-forms.ts'
import {
  forgetsItsReply,
  repliesBeforeItRuns,
  withoutDuplicateFilter,
  withoutIncarnationCheck,
} from './fixtures/call-forms-unguarded.ts'

const seeds = Number(process.env['SEEDS'] ?? 200)
/** A guard's absence is found by one of these. */
const searchedMax = 500
const everySemantics: readonly Semantics[] = ['maybe', 'at-least-once', 'at-most-once']

interface Guard {
  readonly what: string
  readonly machine: CallsWithLocate
  readonly claims: readonly string[]
  /** Usual: what the swarm draws for the seed. */
  readonly faults?: readonly Fault[]
}

const rest = { atMs: 0, untilMs: 3_000 } as const
/** The first home of the service dies again and again and is back at once, while copies of requests come late. */
const restarts: readonly Fault[] = [
  { kind: 'duplicate', ...rest, rate: 0.5 },
  { kind: 'reorder', ...rest, rate: 0.5, laterMsMax: 200 },
  ...Array.from({ length: 8 }, (_, index) => {
    const atMs = 150 * (index + 1)
    return { kind: 'crash', member: 'm2', how: 'process', atMs, untilMs: atMs + 1 } as const
  }),
]
const twice = ['maybe', 'at-most-once', 'idempotent']

const guards: readonly Guard[] = [
  { what: 'without its duplicate filter', machine: withoutDuplicateFilter, claims: twice },
  { what: 'without its incarnation check', machine: withoutIncarnationCheck, claims: ['right-life'] },
  {
    ...{ what: 'without its incarnation check, so that a call runs twice', machine: withoutIncarnationCheck },
    ...{ claims: twice, faults: restarts },
  },
  { what: 'when it replies before it runs', machine: repliesBeforeItRuns, claims: ['truthful'] },
  // `maybe` promises no answer.
  { what: 'when it forgets its reply too early', machine: forgetsItsReply, claims: ['answered'] },
]

describe('the semantics of calls, in forms that the seeds draw', () => {
  it('hold what they promise under every fault, in every form', () => {
    const met = new Set<string>()
    for (let seed = 1; seed <= seeds; seed++) {
      const { form, semantics } = formRunOptions(planOf(seed))
      met.add(semantics).add(Object.values(form).join())
      assert.deepEqual(violationsOf(seed, callsWithLocate, semantics), [], `seed ${seed}, ${semantics}`)
    }
    if (seeds >= 200) assert.ok(met.size > callForms.length * 0.8, `only ${met.size} forms and semantics were met`)
  })

  it('hold it too where the service starts again and again while copies come late', () => {
    for (let seed = 1; seed <= seeds / 4; seed++) {
      const { semantics } = formRunOptions(planOf(seed))
      assert.deepEqual(violationsOf(seed, callsWithLocate, semantics, restarts), [], `seed ${seed}, ${semantics}`)
    }
  })

  for (const guard of guards) {
    for (const semantics of everySemantics) {
      if (semantics === 'maybe' && guard.claims.includes('answered')) continue
      it(`${semantics} is broken ${guard.what}`, (test) => {
        const found = search(guard, semantics)
        assert.ok(found !== undefined, `no seed of ${searchedMax} finds it`)
        test.diagnostic(`found by seed ${found.seed} of 1, 2, 3…: ${found.violation.claim}: ${found.violation.text}`)
      })
    }
  }
})

interface Finding {
  readonly seed: number
  readonly violation: Violation
}

function search({ machine, claims, faults }: Guard, semantics: Semantics): Finding | undefined {
  for (let seed = 1; seed <= searchedMax; seed++) {
    const violations = violationsOf(seed, machine, semantics, faults)
    const violation = violations.find(({ claim }) => claims.includes(claim))
    if (violation !== undefined) return { seed, violation }
  }
  return undefined
}

function violationsOf(
  seed: number,
  machine: CallsWithLocate,
  semantics: Semantics,
  faults?: readonly Fault[],
): readonly Violation[] {
  const options = formRunOptions(planOf(seed))
  const run = new FormRun({ ...options, machine, semantics, faults: faults ?? options.faults })
  run.play()
  return run.report().violations
}

function planOf(seed: number): Plan {
  const { durationMs, members, faultKinds } = callFormsScenario
  const names = memberNames(members.usual)
  return {
    seed,
    members: members.usual,
    durationMs,
    faults: swarmFaults({ seed, names, durationMs, kinds: faultKinds }),
  }
}
