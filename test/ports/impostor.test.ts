/** Whoever knows a put-port only, and can write the engine and answer LOCATE, is sent no request and no capability. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Capability } from '../../src/cardumen.ts'
import { tailBytes } from '../../src/kernel/capabilities/chain.ts'
import { firstLocateKind } from '../../src/kernel/ports/locate-frames.ts'
import { portProofBytes } from '../../src/kernel/ports/port-proof.ts'
import { decodePortRow } from '../../src/kernel/ports/server-rows.ts'
import { answered, outcomeOf } from '../calls/fixtures/outcomes.ts'
import { Probe } from '../calls/fixtures/probe-service.ts'
import { TestSystem, until } from '../calls/fixtures/test-system.ts'
import { Impostor } from './impostor.ts'

const firstRequestKind = 16
const serve = { name: 'probe', identity: 'shop' }

function tailOf(capability: Capability): Uint8Array {
  return Capability.toBytes(capability).slice(-tailBytes)
}

/** Requests, and whatever has the secret of the capability in it. */
function assertLearntNothing(impostor: Impostor, capability: Capability): void {
  assert.deepEqual(
    impostor.heard.filter(({ kind }) => kind >= firstRequestKind && kind < firstLocateKind),
    [],
  )
  assert.equal(impostor.hasHeard(tailOf(capability)), false)
}

describe('an impostor', () => {
  for (const [what, isReplayed] of [
    ['made up', false],
    ['copied from the row of the true server', true],
  ] as const)
    it(`with a proof that is ${what} gets no call, and does not keep the true server away`, async () => {
      await using test = await TestSystem.begin()
      const [caller, owner] = [await test.join({ name: 'caller' }), await test.join({ name: 'owner' })]
      await using impostor = await Impostor.join(test.home)
      const served = await test.serveHere(owner, serve)
      const { capability } = served
      const port = Capability.portOf(capability)
      const copied = decodePortRow((await impostor.rowOf(port)) ?? new Uint8Array(0))?.proof
      assert.ok(copied !== undefined)
      await served.close()
      await impostor.poseAs(port, isReplayed ? copied : new Uint8Array(portProofBytes).fill(1))
      const call = { id: 'secret', behaviour: 'now' } as const
      assert.deepEqual(await outcomeOf(caller.open(Probe, capability).run(call)), {
        code: 'address-unknown',
        executed: 'no',
      })
      assert.ok(
        impostor.heard.some(({ kind }) => kind === firstLocateKind),
        'it was asked, over a link',
      )
      assert.ok((caller.member.status().refusals.byReason.proof ?? 0) >= 2, 'its row and its answers were counted')
      assertLearntNothing(impostor, capability)

      await test.serveHere(owner, serve)
      assert.deepEqual(await outcomeOf(caller.open(Probe, capability).run(call)), answered)
      assertLearntNothing(impostor, capability)
    })

  it('in the row of a name gets no call of it', async () => {
    await using test = await TestSystem.begin()
    const [caller, owner] = [await test.join({ name: 'caller' }), await test.join({ name: 'owner' })]
    await using impostor = await Impostor.join(test.home)
    const { capability } = await test.serveHere(owner, { name: 'else' })
    await impostor.enterName('probe', capability, new Uint8Array(portProofBytes))
    await until(() => caller.member.servers('probe').length === 1, 'the row')
    assert.deepEqual(await outcomeOf(caller.open(Probe, 'probe').run({ id: 'named', behaviour: 'now' })), {
      code: 'name-unknown',
      executed: 'no',
    })
    assertLearntNothing(impostor, capability)
  })
})

describe('an impostor that has rewritten the row of a live member', () => {
  it('gets no request of those that join afterwards, though they make links to it', async () => {
    await using test = await TestSystem.begin()
    const owner = await test.join({ name: 'owner' })
    const { capability } = await test.serveHere(owner, serve)
    const port = Capability.portOf(capability)
    await using impostor = await Impostor.inPlaceOf(test.home, owner.member.address)
    await impostor.answers(port)
    const late = await test.join({ name: 'late' })
    const call = { id: 'late', behaviour: 'now' } as const
    assert.deepEqual(await outcomeOf(late.open(Probe, capability).run(call)), {
      code: 'address-unknown',
      executed: 'no',
    })
    assert.deepEqual(await outcomeOf(late.open(Probe, 'probe').run(call)), { code: 'name-unknown', executed: 'no' })
    assert.ok(
      impostor.heard.some(({ kind }) => kind === firstLocateKind),
      'it was asked, over a link that it proved its key for',
    )
    assertLearntNothing(impostor, capability)
  })

  it('gets none of those that knew the member before either: they go on with the true one', async () => {
    await using test = await TestSystem.begin()
    const [caller, owner] = [await test.join({ name: 'caller' }), await test.join({ name: 'owner' })]
    const { capability } = await test.serveHere(owner, serve)
    await until(() => caller.member.members().some(({ id }) => id === 'owner'), 'the owner')
    await using impostor = await Impostor.inPlaceOf(test.home, owner.member.address)
    await impostor.answers(Capability.portOf(capability))
    for (const target of [capability, 'probe'])
      assert.deepEqual(await outcomeOf(caller.open(Probe, target).run({ id: 'known', behaviour: 'now' })), answered)
    assertLearntNothing(impostor, capability)
  })
})

describe('a server of which the engine has lost the row', () => {
  it('is found by asking the members', async () => {
    await using test = await TestSystem.begin()
    const [caller, owner] = [await test.join({ name: 'caller' }), await test.join({ name: 'owner' })]
    await using stranger = await Impostor.join(test.home)
    const { capability } = await test.serveHere(owner, {})
    await stranger.removeRow(Capability.portOf(capability))
    assert.deepEqual(await outcomeOf(caller.open(Probe, capability).run({ id: 'asked', behaviour: 'now' })), answered)
  })
})
