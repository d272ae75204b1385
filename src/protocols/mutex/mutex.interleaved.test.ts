/** Whatever is lost, repeated, late or dies: what the token ring claims holds in every order that fast-check finds. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Ring, ringOf } from './fixtures/ring.ts'
import { brokenInvariants, brokenTogether } from './invariants.ts'

const names = ['a', 'b', 'c', 'd']
const choices = fc.array(fc.tuple(fc.nat(99), fc.nat(999)), { maxLength: 150, size: 'max' })
const numRuns = 300

interface Run {
  readonly ring: Ring
  generation: number
  request: number
}

function begin(): Run {
  const ring = ringOf(names)
  ring.submit('a', { kind: 'regenerate', generation: 1 })
  return { ring, generation: 1, request: 0 }
}

/** Mostly something that is under way goes on; now and then a program acts, or a member crashes or starts again. */
function act(run: Run, kind: number, choice: number, withCrashes: boolean): void {
  const { ring } = run
  const name = ring.alive[choice % ring.alive.length] ?? 'a'
  if (kind < 15) return ring.submit(name, { kind: 'enter', request: ++run.request })
  if (kind < 30) return leave(ring, name)
  if (!withCrashes || kind < 90) return ring.happen(choice)
  if (kind < 93 && ring.alive.length > 1) return ring.crash(name)
  const dead = ring.dead[0]
  if (kind < 96 && dead !== undefined) return ring.restart(dead)
  ring.submit(name, { kind: 'regenerate', generation: ++run.generation })
}

function leave(ring: Ring, name: string): void {
  const request = ring.state(name).inside
  if (request !== undefined) ring.submit(name, { kind: 'leave', request })
}

function assertSound(ring: Ring): void {
  assert.deepEqual([...ring.states.flatMap(brokenInvariants), ...brokenTogether(ring.states)], [])
}

function fencingTokens(ring: Ring): string[] {
  return ring.outcomes.flatMap(({ outcome }) => (outcome.kind === 'entered' ? [outcome.fencingToken.join('/')] : []))
}

describe('in every order of events', () => {
  it('a generation has one holder, and no two entries have the same fencing token', () => {
    fc.assert(
      fc.property(choices, (list) => {
        const run = begin()
        for (const [kind, choice] of list) {
          act(run, kind, choice, true)
          assertSound(run.ring)
        }
        const given = fencingTokens(run.ring)
        assert.equal(new Set(given).size, given.length)
      }),
      { numRuns },
    )
  })

  it('lost and repeated messages never lose the token: everybody who wants to enters', () => {
    fc.assert(
      fc.property(choices, (list) => {
        const run = begin()
        for (const [kind, choice] of list) act(run, kind, choice, false)
        assert.deepEqual(
          run.ring.outcomes.filter(({ outcome }) => outcome.kind === 'lost' || outcome.kind === 'overtaken'),
          [],
        )
        serveEverybody(run.ring)
        assert.equal(fencingTokens(run.ring).length, run.request)
        assert.deepEqual(
          fencingTokens(run.ring),
          Array.from({ length: run.request }, (_, index) => `1/${index + 1}`),
        )
      }),
      { numRuns },
    )
  })
})

/** From now on nothing is lost, and whoever is inside leaves. */
function serveEverybody(ring: Ring): void {
  const isServed = (): boolean =>
    ring.states.every(({ waiting, inside }) => waiting.length === 0 && inside === undefined)
  ring.settle(() => {
    for (const name of ring.alive) leave(ring, name)
    return isServed()
  })
}
