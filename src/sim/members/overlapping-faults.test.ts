/** Faults of one kind whose windows overlap, in a world of whole members: the end of one is not that of the other. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { toUtf8 } from '../../lib/text.ts'
import type { Fault } from '../faults/fault.ts'
import { playEchoing, took, until, window } from './fixtures/echoing-world.ts'

describe('faults of one kind whose windows overlap', () => {
  const inner = { atMs: 1_200, untilMs: 1_400 } as const

  it('hold a member for as long as one of them does', async () => {
    for (const kind of ['pause', 'crash'] as const) {
      const fault = { kind, how: 'process', member: 'm1' } as const
      await playEchoing(
        [
          { ...fault, ...window },
          { ...fault, ...inner },
        ],
        async (world) => {
          await until(world, 1_500)
          assert.equal(await took(world, 'm2', 'm1', 'hello', 400), undefined)
          await world.calm()
          await world.sleep(100)
          assert.notEqual(await took(world, 'm2', 'm1'), undefined)
        },
      )
    }
  })

  it('leave the one that goes on in force when the other ends', async () => {
    const offset = { kind: 'clock-offset', member: 'm1' } as const
    const slow = { kind: 'slow', member: 'm1' } as const
    const engineSlow = (ms: number) => ({ kind: 'engine-slow', delay: { kind: 'constant', ms } }) as const
    const faults: readonly Fault[] = [
      { ...offset, offsetMs: 50_000, ...window },
      { ...offset, offsetMs: 90_000, ...inner },
      { ...slow, eventMs: 20, ...window },
      { ...slow, eventMs: 5, ...inner },
      { ...engineSlow(60), ...window },
      { ...engineSlow(5), ...inner },
    ]
    await playEchoing(faults, async (world) => {
      const ahead = (): number =>
        Math.round((world.system('m1').clock.wallMs() - world.system('m2').clock.wallMs()) / 1_000)
      await until(world, 1_300)
      assert.equal(ahead(), 90)
      await until(world, 1_500)
      assert.equal(ahead(), 50)
      assert.ok(((await took(world, 'm2', 'm1')) ?? 0) >= 20)
      const beganMs = world.nowMs
      await world.on('m2', (system) => system.member.engine.put('key', toUtf8('value')))
      assert.ok(world.nowMs - beganMs >= 60)
      await until(world, window.untilMs + 1)
      assert.equal(ahead(), 0)
    })
  })

  it('keep the engine away until the last of them is over', async () => {
    for (const fault of [{ kind: 'engine-crash' }, { kind: 'engine-unreachable', member: 'm1' }] as const)
      await playEchoing(
        [
          { ...fault, ...window },
          { ...fault, ...inner },
        ],
        async (world) => {
          await until(world, 1_500)
          const { engine } = world.system('m1').member
          await assert.rejects(
            world.on('m1', () => engine.put('key', toUtf8('value'))),
            isCardumenError,
          )
        },
      )
  })
})
