/** A peer that shows wrong capabilities, on whole members in virtual time: how fast it is read beside another. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { memberScenario } from '../../sim/members/member-scenario.ts'
import type { System } from '../../servers/system.ts'
import { Capability } from '../capabilities/capability.ts'
import { defineService } from '../service.ts'

const Bell = defineService('bell', { ring: {} })
const count = 1_000

it('a member that shows wrong capabilities is read slowly once its burst is used up, and one that shows right ones is not', async () => {
  const members = ['server', 'hostile', 'honest']
  const scenario = memberScenario({ name: 'throttled', members, program: () => undefined }, async (world) => {
    const right = await world.on('server', async (system) => {
      const { capability } = await system.serve(Bell, { ring: () => undefined })
      return Capability.toBytes(capability)
    })
    const wrong = right.map((byte, at) => (at === right.length - 1 ? byte ^ 1 : byte))
    const ringingMs = async (member: string, shown: Uint8Array): Promise<number> => {
      const startMs = world.nowMs
      await world.on(member, (system) => ringAll(system, shown))
      return world.nowMs - startMs
    }
    // Its link stays, so the other is not alone.
    const quickMs = await ringingMs('honest', right)
    const slowMs = await ringingMs('hostile', wrong)
    assert.ok(slowMs > 500, `all were refused within ${slowMs} ms`)
    assert.ok(quickMs < slowMs / 4, `the right ones took ${quickMs} ms, the wrong ones ${slowMs} ms`)
  })
  const macrotask = (turn: () => void): void => void setImmediate(turn)
  const report = await scenario.run({ seed: 1, members: 3, durationMs: 60_000, faults: [] }, { macrotask })
  assert.deepEqual(report.violations, [])
})

async function ringAll(system: System, shown: Uint8Array): Promise<void> {
  const capability = Capability.fromBytes(shown)
  assert.ok(capability)
  const bell = system.open(Bell, capability)
  await Promise.allSettled(Array.from({ length: count }, () => bell.ring()))
}
