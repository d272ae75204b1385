/**
 * A server dies by SIGKILL, at every phase of a call and for all semantics: what its caller is told is compared with
 * what the server wrote down before each execution.
 */
import assert from 'node:assert/strict'
import { appendFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import type { Executed, Handlers, Semantics, Served, System } from '../../src/cardumen.ts'
import type { MemberProcess } from './fixtures/member-process.ts'
import { answered, assertTruthful, type CallOutcome, outcomeOf, waitingAt } from './fixtures/outcomes.ts'
import { probeHandlers } from './fixtures/probe-handlers.ts'
import { type Behaviour, Probe } from './fixtures/probe-service.ts'
import { TestSystem, within } from './fixtures/test-system.ts'

const allSemantics: readonly Semantics[] = ['maybe', 'at-most-once', 'at-least-once']

interface Case {
  readonly system: System
  readonly server: MemberProcess
  readonly serverName: string
  readonly id: string
  readonly call: (id: string, behaviour: Behaviour) => Promise<CallOutcome>
}

interface Phase {
  readonly name: string
  readonly behaviour: Behaviour
  /** Before the call is made. */
  prepare?(of: Case): Promise<unknown>
  /** After it was made, until it has come to where the server is to die. */
  reach?(of: Case, call: Promise<CallOutcome>): Promise<unknown>
  /** What the caller is told where the call is not repeated; undefined: either is true. */
  readonly told: Executed | undefined
  readonly executions: number
}

const phases: readonly Phase[] = [
  {
    name: 'before a link to it stands',
    behaviour: 'now',
    prepare: async ({ server }) => server.signal('SIGSTOP'),
    told: 'no',
    executions: 0,
  },
  {
    name: 'while the request is on its way',
    behaviour: 'now',
    prepare: async ({ server, system, serverName }) => {
      await waitingAt(system, serverName)
      server.signal('SIGSTOP')
    },
    told: 'unknown',
    executions: 0,
  },
  {
    name: 'while the call waits in its mailbox',
    behaviour: 'now',
    prepare: async ({ server, id, call }) => {
      void call(`${id}-before`, 'ignore')
      await server.line(`running ${id}-before`)
    },
    reach: async ({ system, serverName }) => assert.equal(await waitingAt(system, serverName), 1),
    told: 'unknown',
    executions: 0,
  },
  {
    name: 'while the handler runs',
    behaviour: 'hold',
    reach: async ({ server, id }) => server.line(`running ${id}`),
    told: 'unknown',
    executions: 1,
  },
  { name: 'by its own handler', behaviour: 'die', told: 'unknown', executions: 1 },
  { name: 'as it replies', behaviour: 'reply-and-die', told: undefined, executions: 1 },
  {
    name: 'when it has replied and nobody has acknowledged',
    behaviour: 'now',
    reach: async (_, call) => assert.deepEqual(await call, answered),
    told: 'yes',
    executions: 1,
  },
]

describe('a call whose server is killed', () => {
  let test: TestSystem
  let system: System
  before(async () => {
    test = await TestSystem.begin()
    system = await test.join({ name: 'caller' })
  })
  after(() => test[Symbol.asyncDispose]())

  /** Answers whatever it is asked, at once. */
  function serveOnce(name: string): Promise<Served> {
    const { log } = test
    const run: Handlers<(typeof Probe)['operations']>['run'] = ({ id }) => {
      appendFileSync(log, `${id}\n`)
      return id
    }
    return system.serve(Probe, { ...probeHandlers(log, () => undefined).handlers, run }, { name })
  }

  for (const [index, phase] of phases.entries()) {
    for (const semantics of allSemantics) {
      it(`${phase.name} is told the truth (${semantics})`, async () => {
        const id = `${semantics}-${index}`
        const name = `probe-${id}`
        const serverName = `server-${id}`
        const server = await test.startServer(serverName, { serve: { name, concurrency: 1 } })
        const client = system.open(Probe, name)
        const call = (of: string, behaviour: Behaviour): Promise<CallOutcome> =>
          outcomeOf(client.run({ id: of, behaviour }, { semantics: of === id ? semantics : 'maybe' }))
        const given: Case = { system, server, serverName, id, call }

        await phase.prepare?.(given)
        const outcome = call(id, phase.behaviour)
        await phase.reach?.(given, outcome)
        if (phase.behaviour === 'now' || phase.behaviour === 'hold') await server.kill()
        // Whoever may be asked again is asked again, once there is somebody.
        const other = semantics === 'at-least-once' ? await serveOnce(name) : undefined
        const told = await within(outcome, 'the outcome')

        const executions = test.executions(id)
        assertTruthful(told, executions, semantics)
        if (semantics === 'at-least-once') assert.deepEqual(told, answered)
        else {
          if (phase.told !== undefined) assert.equal(told.executed, phase.told)
          assert.equal(executions, phase.executions)
        }
        await other?.close()
      })
    }
  }
})
