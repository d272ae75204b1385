/** Several servers under one name share its calls; one that dies is left out, and only what it had is lost. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { z } from 'zod'
import { defineService, type System } from '../../src/cardumen.ts'
import { type CallOutcome, outcomeOf } from './fixtures/outcomes.ts'
import { Probe } from './fixtures/probe-service.ts'
import { TestSystem, until, within } from './fixtures/test-system.ts'

const Who = defineService('who', { are: { output: z.string() }, hold: { output: z.string() } })

describe('servers that share a name', () => {
  let test: TestSystem
  let system: System
  before(async () => {
    test = await TestSystem.begin()
    system = await test.join({ name: 'caller' })
  })
  after(() => test[Symbol.asyncDispose]())

  for (const semantics of ['at-most-once', 'at-least-once'] as const) {
    it(`lose only what the one had that is killed under load (${semantics})`, async () => {
      const name = semantics
      const serve = { name, concurrency: 8, mailbox: 64 }
      const [victim] = await Promise.all([0, 1, 2].map((index) => test.startServer(`${name}-${index}`, { serve })))
      assert.ok(victim !== undefined)
      await until(() => system.member.servers(name).length === 3, 'three servers')
      const probe = system.open(Probe, name)
      const calls = 3_000
      const outcomes = new Map<string, CallOutcome>()
      let made = 0
      let atDeath = 0
      const callOn = async (): Promise<void> => {
        while (made < calls) {
          const id = `${name}-${made++}-`
          outcomes.set(id, await outcomeOf(probe.run({ id, behaviour: 'now' }, { semantics })))
          if (outcomes.size === 1_000) {
            atDeath = system.member.status().callsInFlight
            void victim.kill()
          }
        }
      }
      await within(Promise.all(Array.from({ length: 32 }, callOn)), 'the calls')

      const failed = [...outcomes].filter(([, { code }]) => code !== 'answered')
      if (semantics === 'at-least-once') assert.deepEqual(failed, [])
      for (const [id, outcome] of failed) {
        assert.deepEqual(outcome, { code: 'member-died', executed: 'unknown' })
        assert.ok(test.executions(id) <= 1)
      }
      assert.ok(failed.length <= atDeath + 32, `${failed.length} of ${atDeath} under way`)
      await until(() => system.member.servers(name).length === 2, 'two servers')
    })
  }

  it('each get calls, also two of one member', async () => {
    const other = await test.join({ name: 'other' })
    const serveAs = (member: System, answer: string) =>
      member.serve(Who, { are: () => answer, hold: () => answer }, { name: 'who' })
    const served = [await serveAs(system, 'one'), await serveAs(system, 'two'), await serveAs(other, 'three')]
    await until(() => system.member.servers('who').length === 3, 'three servers')
    const who = system.open(Who, 'who')
    const answers = new Set(await Promise.all(Array.from({ length: 30 }, () => who.are())))
    assert.deepEqual([...answers].sort(), ['one', 'three', 'two'])
    await Promise.all(served.map((each) => each.close()))
    await assert.rejects(who.are(), { code: 'name-unknown', executed: 'no' })
  })

  it('let what runs end when one is closed, and what waits goes elsewhere', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    const { promise: running, resolve: begun } = Promise.withResolvers<void>()
    const closing = await system.serve(
      Who,
      {
        are: () => 'the one that closes',
        hold: async () => {
          begun()
          await released
          return 'the one that closed'
        },
      },
      { name: 'closing', concurrency: 1 },
    )
    const who = system.open(Who, 'closing')
    const held = who.hold()
    await running
    const waiting = who.are()
    const other = await test.join({ name: 'stays' })
    await other.serve(Who, { are: () => 'the one that stays', hold: () => '' }, { name: 'closing' })
    await closing.close()
    await closing.close()
    assert.equal(await waiting, 'the one that stays')
    release()
    assert.equal(await held, 'the one that closed')
    assert.equal(await who.are(), 'the one that stays')
  })

  it('are found by a call right after they were entered, by another member', async () => {
    const other = await test.join({ name: 'quick' })
    for (let round = 0; round < 20; round++) {
      const name = `quick-${round}`
      await using served = await other.serve(Who, { are: () => name, hold: () => name }, { name })
      assert.ok(served.capability)
      assert.equal(await system.open(Who, name).are(), name)
      assert.equal(await system.open(Who, served.capability).are(), name)
    }
  })
})
