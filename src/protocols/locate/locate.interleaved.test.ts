/** Whatever is lost, repeated, late or dies: what looking for ports claims holds in every order that fast-check finds. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { portOf, type Seekers, seekersOf } from './fixtures/seekers.ts'
import { brokenInvariants } from './invariants.ts'

const names = ['a', 'b', 'c', 'd']
const choices = fc.array(fc.tuple(fc.nat(99), fc.nat(999)), { maxLength: 150, size: 'max' })
const numRuns = 300
const limits = { cacheMax: 2, searchesMax: 2, waitingMax: 2, toldMax: 2, firstRoundPeers: 1 }

interface Run {
  readonly seekers: Seekers
  /** `member port` of all that was ever served. */
  readonly everServed: Set<string>
  requests: number
}

function act(run: Run, kind: number, choice: number): void {
  const { seekers } = run
  const name = seekers.alive[choice % seekers.alive.length] ?? 'a'
  const port = portOf(choice % 3)
  if (kind < 20) return seekers.submit(name, { kind: 'locate', request: ++run.requests, port })
  if (kind < 25) {
    run.everServed.add(`${seekers.state(name).self} ${port}`)
    return seekers.submit(name, { kind: 'serve', port })
  }
  if (kind < 28) return seekers.submit(name, { kind: 'withdraw', port })
  if (kind < 92) return seekers.happen(choice)
  if (kind < 96 && seekers.alive.length > 1) return seekers.crash(name)
  const dead = seekers.dead[0]
  if (dead !== undefined) seekers.restart(dead)
}

function play(list: readonly (readonly [number, number])[]): Run {
  const run: Run = { seekers: seekersOf(names, limits), everServed: new Set(), requests: 0 }
  for (const [kind, choice] of list) {
    act(run, kind, choice)
    assert.deepEqual(run.seekers.states.flatMap(brokenInvariants), [])
  }
  return run
}

describe('in every order of events', () => {
  it('a port is located only where it was served', () => {
    fc.assert(
      fc.property(choices, (list) => {
        const { seekers, everServed } = play(list)
        for (const { outcome } of seekers.outcomes) {
          if (outcome.kind === 'located') assert.ok(everServed.has(`${outcome.at} ${outcome.port}`))
        }
      }),
      { numRuns },
    )
  })

  it('each question has at most one end, and exactly one once its search has run', () => {
    fc.assert(
      fc.property(choices, (list) => {
        const { seekers, requests } = play(list)
        seekers.settle(() => seekers.states.every(({ searches }) => searches.size === 0))
        const ended = seekers.outcomes.flatMap(({ outcome }) => (outcome.kind === 'refused' ? [] : [outcome.request]))
        assert.equal(new Set(ended).size, ended.length)
        if (seekers.dead.length === 0 && !seekers.states.some(({ self }) => !self.endsWith('#1'))) {
          assert.equal(ended.length, requests)
        }
      }),
      { numRuns },
    )
  })
})
