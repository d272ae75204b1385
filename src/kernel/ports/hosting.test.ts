/** How servings of one kept identity follow each other on one member, and what a name leads to when its service is revoked. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { System } from '../../servers/system.ts'
import { memberScenario } from '../../sim/members/member-scenario.ts'
import type { Director } from '../../sim/members/world.ts'

import { text } from '../schemas.ts'
import { defineService } from '../service.ts'
import type { Served, ServeOptions } from '../serving.ts'

const Echo = defineService('echo', { say: { input: text(100), output: text(100) } })

async function inWorld(check: Director): Promise<void> {
  const scenario = memberScenario({ name: 'hosting', members: 2 }, check)
  const macrotask = (turn: () => void): void => void setImmediate(turn)
  const report = await scenario.run({ seed: 1, members: 2, durationMs: 30_000, faults: [] }, { macrotask })
  assert.deepEqual(report.violations, [])
}

function serveOn(system: System, options: ServeOptions): Promise<Served> {
  return system.serve(Echo, { say: (said) => said }, { name: 'echo', ...options })
}

it('a kept identity goes on being served when an earlier serving of it here is closed once more', () =>
  inWorld((world) =>
    world.on('m1', async (system) => {
      const first = await serveOn(system, { identity: 'echo' })
      await first.close()
      const second = await serveOn(system, { identity: 'echo' })
      await first.close()
      const said = await world.on('m2', (other) => other.open(Echo, second.capability).say('hello'))
      assert.equal(said, 'hello')
      assert.equal(await system.open(Echo, 'echo').say('again'), 'again')
    }),
  ))

for (const [kind, options] of [
  ['kept', { identity: 'echo', nameRights: 'read' }],
  ['drawn', { nameRights: 'read' }],
] as const)
  it(`a name of a ${kind} server goes on leading to it for everybody when the service itself is revoked`, () =>
    inWorld((world) =>
      world.on('m1', async (system) => {
        const served = await serveOn(system, options)
        const calls = (other: System): Promise<string> => other.open(Echo, 'echo').say('by name')
        assert.equal(await world.on('m2', calls), 'by name')
        const revoked = served.revokeAll(0)
        assert.equal(await world.on('m2', calls), 'by name', 'while it is being written')
        await revoked
        assert.deepEqual([await calls(system), await world.on('m2', calls)], ['by name', 'by name'])
        const { rights, branch } = system.member.servers('echo')[0]?.capability ?? assert.fail('no server')
        const fresh = served.capabilityFor(0, 'read')
        assert.deepEqual([rights, branch], [fresh.rights, fresh.branch])
        await system.revoke(served.capabilityFor(0))
        assert.deepEqual([await calls(system), await world.on('m2', calls)], ['by name', 'by name'])
        await assert.rejects(system.open(Echo, served.capability).say('old'), { code: 'capability-revoked' })
      }),
    ))

it('a member that leaves while it begins to serve says that it has left', () =>
  inWorld((world) =>
    world.on('m1', async (system) => {
      const begun = assert.rejects(serveOn(system, { identity: 'echo' }), { code: 'closed', executed: 'no' })
      await system.close()
      await begun
    }),
  ))
