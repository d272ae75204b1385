/** From seeds to plans, from a failing plan to a small one, and what is said of it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import type { Fault } from '../faults/fault.ts'
import type { Plan, Report, Scenario } from '../scenario.ts'
import { failureText } from './failure-text.ts'
import { planOf } from './plans.ts'
import { runSeeds } from './seeds.ts'
import { shrink } from './shrink.ts'

const surroundings = { macrotask: (run: () => void): void => void setImmediate(run) }

/** Breaks `claim` where `isBroken` says so of the plan. */
function scenarioThat(isBroken: (plan: Plan) => string | undefined): Scenario {
  return {
    ...{ name: 'toy', about: 'breaks as it is told', members: { min: 2, usual: 5, max: 8 }, durationMs: 8_000 },
    faultKinds: ['pause', 'crash', 'loss', 'partition'],
    run: (plan) => {
      const claim = isBroken(plan)
      const report: Report = {
        violations: claim === undefined ? [] : [{ claim, text: 'as it was told' }],
        ...{ virtualMs: plan.durationMs, events: 10, checked: 1, faults: { pause: 1 }, digest: '0'.repeat(16) },
      }
      return Promise.resolve(report)
    },
  }
}

const always = scenarioThat(() => 'luck')
const pause = (atMs: number, member: string): Fault => ({ kind: 'pause', member, atMs, untilMs: atMs + 100 })
const noise: readonly Fault[] = [
  { kind: 'loss', atMs: 0, untilMs: 8_000, rate: 0.5 },
  {
    kind: 'partition',
    atMs: 100,
    untilMs: 700,
    shape: 'both-ways',
    sides: [
      ['m1', 'm4'],
      ['m2', 'm5'],
    ],
  },
  { kind: 'loss', atMs: 0, untilMs: 8_000, rate: 0.5, from: 'm5' },
  { kind: 'crash', atMs: 900, untilMs: 1_000, member: 'm4', how: 'machine' },
]

describe('a plan', () => {
  it('follows from the seed alone', () => {
    assert.deepEqual(planOf(always, 3), planOf(always, 3))
    assert.notDeepEqual(planOf(always, 3).faults, planOf(always, 4).faults)
  })

  for (const [seed, options] of [
    [-1, {}],
    [0.5, {}],
    [2 ** 32, {}],
    [1, { members: 1 }],
    [1, { members: 9 }],
    [1, { members: 2.5 }],
    [1, { durationMs: 0 }],
    [1, { durationMs: Number.NaN }],
    [1, { faults: [pause(0, 'm6')] }],
  ] as const) {
    it(`is refused with seed ${seed} and ${JSON.stringify(options)}`, () => {
      assert.throws(
        () => planOf(always, seed, options),
        (error) => isCardumenError(error, 'option-invalid'),
      )
    })
  }
})

describe('a search over seeds', () => {
  it('ends at the first seed that fails, and adds up what was run', async () => {
    const fails = scenarioThat(({ seed }) => (seed === 4 ? 'luck' : undefined))
    const { totals, failure } = await runSeeds(fails, { first: 1, count: 10 }, surroundings)
    assert.equal(failure?.plan.seed, 4)
    assert.deepEqual(totals, { seeds: 4, virtualMs: 32_000, events: 40, checked: 4, faults: { pause: 4 } })
  })

  it('ends when it is told to', async () => {
    const holds = scenarioThat(() => undefined)
    const onSeed = ({ seeds }: { readonly seeds: number }): boolean => seeds === 3
    const { totals } = await runSeeds(holds, { first: 1, count: 10, onSeed }, surroundings)
    assert.equal(totals.seeds, 3)
  })
})

describe('shrinking', () => {
  const shrunkOf = async (scenario: Scenario, faults: readonly Fault[]): Promise<Plan> => {
    const plan = planOf(scenario, 1, { faults })
    const report = await scenario.run(plan, surroundings)
    return (await shrink(scenario, plan, report, surroundings)).plan
  }

  it('leaves nothing of what a failure does not need', async () => {
    const plan = await shrunkOf(always, noise)
    assert.deepEqual({ ...plan, durationMs: 0 }, { seed: 1, members: 2, durationMs: 0, faults: [] })
    assert.ok(plan.durationMs < 200)
  })

  it('keeps the two faults that a failure needs together, and their members', async () => {
    const needs = scenarioThat(({ faults }) =>
      ['m1', 'm3'].every((name) => faults.some((fault) => fault.kind === 'pause' && fault.member === name))
        ? 'luck'
        : undefined,
    )
    const faults = [...noise.slice(0, 2), pause(10, 'm1'), ...noise.slice(2), pause(50, 'm3'), pause(60, 'm4')]
    const plan = await shrunkOf(needs, faults)
    assert.equal(plan.members, 3)
    assert.deepEqual(
      plan.faults.map((fault) => [fault.kind, 'member' in fault ? fault.member : '']),
      [
        ['pause', 'm1'],
        ['pause', 'm3'],
      ],
    )
  })

  it('never ends with a failure of another claim', async () => {
    const other = scenarioThat(({ faults }) => (faults.some(({ kind }) => kind === 'crash') ? 'one' : 'another'))
    const plan = await shrunkOf(other, noise)
    assert.deepEqual(
      plan.faults.map(({ kind }) => kind),
      ['crash'],
    )
  })

  it('leaves every fault within the run and about members that are there', async () => {
    const needs = scenarioThat(({ faults, members }) => (members >= 4 && faults.length >= 3 ? 'luck' : undefined))
    const plan = await shrunkOf(needs, noise)
    assert.equal(plan.members, 4)
    planOf(needs, 1, { members: plan.members, faults: plan.faults })
    for (const { untilMs = 0 } of plan.faults) assert.ok(untilMs <= plan.durationMs)
  })

  it('stops at its number of trials', async () => {
    const plan = planOf(always, 1)
    const report = await always.run(plan, surroundings)
    const { trials } = await shrink(always, plan, report, surroundings, { trialsMax: 3 })
    assert.equal(trials, 3)
  })
})

describe('what a failure says', () => {
  it('is the claim, the smallest plan, and the commands that repeat it', async () => {
    const plan = planOf(always, 7, { faults: noise })
    const report = await always.run(plan, surroundings)
    const shrunk = { plan: { ...plan, members: 2, faults: noise.slice(0, 1) }, report, trials: 9 }
    const text = failureText({ scenario: always, failure: { plan, report }, shrunk, replay: 'REPLAY', step: 'STEP' })
    assert.equal(
      text,
      [
        'seed 7 of "toy" breaks "luck"',
        '  as it was told',
        'with 2 members, 1 fault, 8 s (made smaller from 5 members, 4 faults, 8 s in 9 runs)',
        '  0 ms to 8000 ms: loss, rate 0.5',
        'run it again:     REPLAY',
        'step through it:  STEP',
      ].join('\n'),
    )
  })
})
