/**
 * A caller dies by SIGKILL, alone or together with its server, at every phase of its calls, one of each semantics:
 * nothing runs twice, what waited for it never runs, and its server serves on.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Semantics, System } from '../../src/cardumen.ts'
import { memberId, memberOf } from '../../src/lib/identifiers.ts'
import { MemberService, memberServiceName } from '../../src/servers/member/interface.ts'
import type { MemberProcess } from './fixtures/member-process.ts'
import { waitingAt } from './fixtures/outcomes.ts'
import { type Behaviour, Probe } from './fixtures/probe-service.ts'
import { type CallerProcess, TestSystem, until, within } from './fixtures/test-system.ts'

const allSemantics: readonly Semantics[] = ['maybe', 'at-most-once', 'at-least-once']

interface Phase {
  readonly name: string
  readonly behaviour: Behaviour
  /** The only place of the server is taken, so that the calls wait. */
  readonly isBlocked: boolean
  readonly executions: number
}

const phases: readonly Phase[] = [
  { name: 'while its calls wait in the mailbox', behaviour: 'now', isBlocked: true, executions: 0 },
  { name: 'while its calls run', behaviour: 'hold', isBlocked: false, executions: 1 },
  { name: 'when it has the answers and has not acknowledged them', behaviour: 'now', isBlocked: false, executions: 1 },
]

for (const [index, phase] of phases.entries()) {
  describe(`a caller that is killed ${phase.name}`, () => {
    let test: TestSystem
    let system: System
    before(async () => {
      test = await TestSystem.begin()
      system = await test.join({ name: 'bystander' })
    })
    after(() => test[Symbol.asyncDispose]())

    const callIds = (prefix: string): readonly string[] => allSemantics.map((semantics) => `${prefix}-${semantics}`)

    /** Makes a call of each semantics, and waits until all of them have come to the phase. */
    async function makeCalls(server: MemberProcess, caller: CallerProcess, prefix: string): Promise<void> {
      for (const semantics of allSemantics) {
        caller.call({ id: `${prefix}-${semantics}`, behaviour: phase.behaviour, options: { semantics } })
      }
      if (phase.isBlocked)
        while ((await waitingAt(system, server.name)) < allSemantics.length) await new Promise(setImmediate)
      for (const id of phase.isBlocked ? [] : callIds(prefix)) {
        await (phase.behaviour === 'hold' ? server.line(`running ${id}`) : caller.line(`answered ${id}`))
      }
    }

    function assertExecutions(prefix: string): void {
      for (const id of callIds(prefix)) assert.equal(test.executions(id), phase.executions, id)
    }

    it('leaves a server that serves on, and runs nothing more of it', async () => {
      const server = await test.startServer('server-a', { serve: { concurrency: phase.isBlocked ? 1 : 8 } })
      const probe = system.open(Probe, 'probe')
      const blocker = phase.isBlocked ? probe.run({ id: 'blocker', behaviour: 'ignore' }) : undefined
      if (blocker !== undefined) await server.line('running blocker')
      const caller = await test.startCaller('caller-a')
      await makeCalls(server, caller, 'a')

      await caller.kill()
      for (const id of phase.behaviour === 'hold' ? callIds('a') : []) await server.line(`given-up ${id}`)
      await until(() => !system.members().some(({ id }) => id === caller.name), 'the end of the caller')
      server.tell('release blocker')
      await blocker
      assert.equal(await probe.run({ id: 'after', behaviour: 'now' }), 'after')
      assertExecutions('a')
    })

    it('with its server leaves nothing for the next lives of both to run', async () => {
      const serve = { name: `probe-${index}`, concurrency: phase.isBlocked ? 1 : 8 }
      const server = await test.startServer('server-b', { serve })
      const caller = await test.startCaller('caller-b', { server: serve.name })
      if (phase.isBlocked) {
        caller.call({ id: 'blocker-b', behaviour: 'ignore', options: { semantics: 'maybe' } })
        await server.line('running blocker-b')
      }
      await makeCalls(server, caller, 'b')

      await Promise.all([caller.kill(), server.kill()])
      const [, nextCaller] = await Promise.all([
        test.startServer('server-b', { serve }),
        test.startCaller('caller-b', { server: serve.name }),
      ])
      nextCaller.call({ id: 'after-b', behaviour: 'now' })
      await nextCaller.line('answered after-b')
      assertExecutions('b')
    })
  })
}

describe('a caller that is killed', () => {
  let test: TestSystem
  let system: System
  before(async () => {
    test = await TestSystem.begin()
    system = await test.join({ name: 'bystander' })
  })
  after(() => test[Symbol.asyncDispose]())

  const gone = (caller: CallerProcess): Promise<void> =>
    until(() => !system.members().some(({ id }) => id === caller.name), 'the end of the caller')

  const isSending = async (caller: CallerProcess, server: MemberProcess): Promise<boolean> => {
    const { links } = await system.open(MemberService, memberServiceName(memberId(caller.name))).status()
    return links.peers.some(({ peer, queuedBytes }) => memberOf(peer) === server.name && queuedBytes > 1_048_576)
  }

  it('while its call backs off from a server without room leaves nothing to run when there is some', async () => {
    await using server = await test.startServer('full', { serve: { name: 'full', concurrency: 1, mailbox: 0 } })
    const probe = system.open(Probe, 'full')
    const blocker = probe.run({ id: 'blocker', behaviour: 'ignore' })
    await server.line('running blocker')
    const caller = await test.startCaller('backing-off', { server: 'full' })
    const steps = system.open(MemberService, memberServiceName(memberId(server.name))).trace()
    const refused = (async () => {
      for await (const { effects } of steps)
        if (effects.some(({ kind, type }) => kind === 'send' && type === 'TA')) break
    })()
    caller.call({ id: 'backing-off', behaviour: 'now' })
    await within(refused, 'the refusal')
    await caller.kill()
    await gone(caller)
    server.tell('release blocker')
    await blocker
    assert.equal(await probe.run({ id: 'after', behaviour: 'now' }), 'after')
    assert.equal(test.executions('backing-off'), 0)
  })

  it('in the middle of a large argument leaves a server that never runs it, and serves on', async () => {
    await using server = await test.startServer('large', { serve: { name: 'large' } })
    const caller = await test.startCaller('sending', { server: 'large' })
    caller.call({ id: 'before', behaviour: 'now' })
    await caller.line('answered before')
    // A stopped server takes no more than the sockets hold, so the caller surely is in the middle.
    server.signal('SIGSTOP')
    caller.call({ id: 'large', behaviour: 'now', paddingBytes: 32 * 1_048_576 })
    while (!(await isSending(caller, server))) await new Promise(setImmediate)
    await caller.kill()
    server.signal('SIGCONT')
    await gone(caller)
    assert.equal(await system.open(Probe, 'large').run({ id: 'after-large', behaviour: 'now' }), 'after-large')
    assert.equal(test.executions('large'), 0)
  })
})
