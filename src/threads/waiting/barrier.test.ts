/** A barrier's action, how it breaks and is made whole again, and what a death does to it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { arena } from '../memory/arena.ts'
import { addParty, partyKind, partyState } from '../memory/parties.ts'
import { primitive, primitiveRow } from '../memory/primitives.ts'
import type { Place } from '../memory/primitives.ts'
import { serve } from '../travel/remote.ts'
import { pack } from '../travel/shareable.ts'
import { Barrier } from './barrier.ts'
import { phaseOf } from './barrier-phase.ts'
import { recoverParty } from './recovery.ts'

function stranger(): number {
  return addParty({ name: 'B', kind: partyKind.remote, state: partyState.running, pid: process.pid, threadId: 9 })
}

function wordOf(barrier: Barrier): number {
  return primitiveRow((barrier[pack]().state as { place: Place }).place.index) + primitive.own
}

const whyOf = (error: unknown): string => (isCardumenError(error, 'barrier-broken') ? error.message : String(error))

test('the action is done once in each phase, by the last to arrive, before anybody goes on', async () => {
  const steps: string[] = []
  const barrier = new Barrier(3, { action: () => void steps.push('action') })
  for (let phase = 0; phase < 2; phase++) {
    const arrivals = [0, 1, 2].map(() => barrier.waitAsync().then((index) => void steps.push(`passes ${index}`)))
    await Promise.all(arrivals)
  }
  assert.deepEqual(
    [steps.indexOf('action'), steps.lastIndexOf('action'), steps.filter((step) => step === 'action').length],
    [0, 4, 2],
  )
})

test('an action that throws breaks the barrier for the others, and its own error goes to whoever did it', async () => {
  const barrier = new Barrier(2, {
    action: () => {
      throw new RangeError('no report')
    },
  })
  const [first, last] = await Promise.allSettled([barrier.waitAsync(), barrier.waitAsync()])
  assert.match(first.status === 'rejected' ? whyOf(first.reason) : '', /its action failed/)
  assert.ok(last.status === 'rejected' && last.reason instanceof RangeError)
  assert.equal(barrier.isBroken, true)
})

test('an aborted barrier fails those who wait and those who come, until it is reset', async () => {
  const barrier = new Barrier(2)
  const waits = barrier.waitAsync()
  barrier.abort()
  await assert.rejects(waits, (error) => whyOf(error).includes('aborted it'))
  await assert.rejects(barrier.waitAsync(), { code: 'barrier-broken' })
  barrier.reset()
  assert.deepEqual(await Promise.all([barrier.waitAsync(), barrier.waitAsync()]), [0, 1])
})

test('a reset fails those who wait, and the next phase begins empty', async () => {
  const barrier = new Barrier(2)
  const waits = barrier.waitAsync()
  assert.equal(barrier.arrived, 1)
  barrier.reset()
  await assert.rejects(waits, (error) => whyOf(error).includes('reset it'))
  assert.deepEqual([barrier.arrived, barrier.isBroken], [0, false])
})

test('who gives up at a barrier breaks it for the others', async () => {
  const barrier = new Barrier(3)
  const waits = barrier.waitAsync()
  await assert.rejects(barrier.waitAsync({ timeoutMs: 1 }), { code: 'timed-out' })
  await assert.rejects(waits, (error) => whyOf(error).includes('gave up waiting'))
})

test('a barrier goes on past the end of its count of phases, also where a reset comes there', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { minLength: 2, maxLength: 6 }), async (resets) => {
      const barrier = new Barrier(2)
      const at = wordOf(barrier)
      Atomics.store(arena().words, at, 0xf_fffe << 11)
      for (const isReset of resets) {
        const before = phaseOf(Atomics.load(arena().words, at))
        if (isReset) barrier.reset()
        else assert.deepEqual(await Promise.all([barrier.waitAsync(), barrier.waitAsync()]), [0, 1])
        assert.equal(phaseOf(Atomics.load(arena().words, at)), (before + 1) % 2 ** 20)
      }
      barrier.close()
    }),
    { numRuns: 30 },
  )
})

for (const [how, hasDied] of [
  ['dies', true],
  ['comes to its end', false],
] as const)
  test(`a party that ${how} ${hasDied ? 'breaks the barrier for those who wait' : 'leaves the barrier whole'}`, async () => {
    const barrier = new Barrier(2)
    const other = stranger()
    await Promise.all([barrier[serve](other, 'wait', undefined, {}), barrier.waitAsync()])
    const waits = barrier.waitAsync({ timeoutMs: hasDied ? 10_000 : 1 })
    recoverParty(other, hasDied)
    await assert.rejects(waits, (error) =>
      hasDied ? whyOf(error).includes('died') : isCardumenError(error, 'timed-out'),
    )
  })

test('a function as an action does not travel, and a module that names one does', () => {
  const action = { module: new URL('./barrier-action.ts', import.meta.url), name: 'doAction' }
  assert.throws(() => new Barrier(2, { action: () => undefined })[pack](), { code: 'cannot-travel' })
  assert.equal(new Barrier(2, { action })[pack]().kind, 'barrier')
})
