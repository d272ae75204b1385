/** The built-in models: they hold, and they stop holding when what keeps them right is taken away. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AnyModel, Bounds, ExplorationResult } from '../exploration.ts'
import { explore } from '../explore.ts'
import type { Address } from '../../../lib/identifiers.ts'
import type { Message as BullyMessage } from '../../../protocols/election/messages.ts'
import type { State as BullyState } from '../../../protocols/election/state.ts'
import { rpc } from '../../../protocols/rpc/rpc.ts'
import type { State as RingState } from '../../../protocols/mutex/state.ts'
import type { State } from '../../../protocols/rpc/state.ts'
import { builtInModel, builtInModels } from './built-in-models.ts'
import { tokenRingModel } from './token-ring.ts'

type Input = Parameters<AnyModel['machine']['step']>[1]

function explored(model: AnyModel): ExplorationResult {
  return explore(model, { nowMs: () => 0 })
}

function usualBounds(name: string, more: Partial<Bounds>): Bounds {
  return { ...builtInModel(name).bounds, ...more }
}

/** Broken with two members already; `shared-memory.test.ts` has what is found in them. */
const broken: ReadonlySet<string> = new Set(['bakery-without-choosing', 'peterson-overlapping', 'dekker-overlapping'])

// A lock that one member alone wants cannot break.
test('every built-in model holds in all that its fewest members can do', () => {
  for (const { name, members, bounds, make } of builtInModels.filter((model) => !broken.has(model.name))) {
    const { verdict, cutBy, states } = explored(make(members.min, bounds))
    assert.deepEqual([name, verdict, cutBy], [name, 'holds', []])
    assert.ok(states > 20, `${name} has only ${states} states`)
  }
})

test('a lock that believes any release is given to two members, and one with numbered grants is not', () => {
  const verdicts = ['broken-lock', 'numbered-lock'].map((name) => {
    const { make, members, bounds } = builtInModel(name)
    return explored(make(members.usual, bounds)).verdict
  })
  assert.deepEqual(verdicts, ['violated', 'holds'])
})

test('without its duplicate filter the call machine runs a call twice, and the explorer shows how', () => {
  const { make } = builtInModel('rpc')
  const bounds = usualBounds('rpc', { lossesMax: 0, crashesMax: 0, timerFiringsMax: 0 })
  const model = make(2, bounds)
  assert.equal(explored(model).verdict, 'holds')
  const forgetful: AnyModel['machine'] = {
    ...model.machine,
    step: (state, input, context, effects) => {
      const { callers } = state as State
      if (input.kind === 'message') callers.clear()
      rpc.step(state as State, input as never, context, effects as never)
    },
  }
  const { verdict, counterexample } = explored({ ...model, machine: forgetful })
  assert.equal(verdict, 'violated')
  assert.equal(counterexample?.violation, 'call m1#1/1 ran 2 times')
})

test('a token ring that regenerates a token which was not lost is caught by its fencing numbers', () => {
  const model = tokenRingModel(2, usualBounds('token-ring', { timerFiringsMax: 1 })) as AnyModel
  const [first] = model.members
  assert.ok(first)
  const second = model.calls.map((planned) => {
    const { kind } = planned.call as { readonly kind: string }
    return kind === 'regenerate' ? { ...planned, member: model.members[1] ?? first } : undefined
  })
  // Both members are given the same generation, which the machine asks its driver never to do.
  const twice = { ...model, calls: [...model.calls, ...second.filter((planned) => planned !== undefined)] }
  assert.equal(explored(model).verdict, 'holds')
  assert.equal(explored(twice).verdict, 'violated')
})

/** The machine with something done to it before each step. */
function spoilt(model: AnyModel, spoil: (state: unknown, input: Input) => Input): AnyModel {
  const { machine } = model
  const step: AnyModel['machine']['step'] = (state, input, context, effects) =>
    machine.step(state, spoil(state, input), context, effects)
  return { ...model, machine: { ...machine, step } }
}

test('a token ring that takes a copy of the token for the token makes two of it', () => {
  const model = builtInModel('token-ring').make(2, usualBounds('token-ring', {}))
  const forgetful = spoilt(model, (state, input) => {
    const member = state as RingState
    if (input.kind === 'message' && member.token === undefined) member.hopSeen = -1
    return input
  })
  const { verdict, counterexample } = explored(forgetful)
  assert.equal(verdict, 'violated')
  assert.match(counterexample?.violation ?? '', /both hold the token of generation 1/)
})

test('a token ring that lets a second request in while the first is inside is caught', () => {
  const model = builtInModel('token-ring').make(2, usualBounds('token-ring', { timerFiringsMax: 1, lossesMax: 0 }))
  const crowded = spoilt(model, (state, input) => {
    const { call } = input as { readonly call?: { readonly kind: string } }
    if (call?.kind === 'enter') (state as RingState).inside = undefined
    return input
  })
  const { verdict, counterexample } = explored(crowded)
  assert.equal(verdict, 'violated')
  assert.equal(counterexample?.violation, 'm1#1 and m1#1 are inside with the same token')
})

type BullyInput = Input & { readonly message?: BullyMessage; readonly from: Address }

/** The machine with COORDINATORs handed to it in a way of our own. */
function misled(model: AnyModel, deliver: (state: BullyState, input: BullyInput, step: () => void) => void): AnyModel {
  const { machine } = model
  const step: AnyModel['machine']['step'] = (state, input, context, effects) => {
    const usually = (): void => machine.step(state, input, context, effects)
    const isCoordinator = input.kind === 'message' && (input.message as BullyMessage).kind === 'COORDINATOR'
    if (isCoordinator) deliver(state as BullyState, input as BullyInput, usually)
    else usually()
  }
  return { ...model, machine: { ...machine, step } }
}

const bullyBugs: readonly (readonly [what: string, violation: RegExp, plant: (model: AnyModel) => AnyModel])[] = [
  [
    'forgets its epochs when it starts again',
    /were both elected in epoch/,
    (model) => spoilt(model, (_state, input) => (input.kind === 'recovered' ? { ...input, records: [] } : input)),
  ],
  [
    'follows whoever says that it leads, also from below',
    /follows a member that ranks below it/,
    (model) =>
      misled(model, (state, _input, step) => {
        const { rank } = state
        Object.assign(state, { rank: -1 })
        step()
        Object.assign(state, { rank })
      }),
  ],
  [
    'accepts a COORDINATOR of an older epoch',
    /goes back from epoch/,
    (model) =>
      misled(model, (state, { message }, step) => {
        const { epoch } = state
        state.epoch = Math.min(epoch, message?.epoch ?? 0)
        step()
        state.epoch = Math.max(epoch, state.epoch)
      }),
  ],
]

for (const [what, violation, plant] of bullyBugs)
  test(`bully-restarts finds a bully that ${what}`, () => {
    const { make, members, bounds } = builtInModel('bully-restarts')
    const { verdict, counterexample } = explored(plant(make(members.usual, bounds)))
    assert.equal(verdict, 'violated')
    assert.match(counterexample?.violation ?? '', violation)
  })
