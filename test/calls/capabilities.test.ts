/** Capabilities between members: narrowed by one, refused by another, and alive after the server that gave them out. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { inspect } from 'node:util'
import { z } from 'zod'
import {
  Capability,
  defineService,
  type Handlers,
  isCardumenError,
  type Served,
  type System,
} from '../../src/cardumen.ts'
import { TestSystem } from './fixtures/test-system.ts'

const Safe = defineService('safe', {
  look: { right: 'read', output: z.number() },
  change: { right: 'modify', output: z.number() },
  show: { output: z.object({ object: z.number(), rights: z.number(), capability: z.instanceof(Capability) }) },
})
const handlers: Handlers<(typeof Safe)['operations']> = {
  look: (_, { object }) => object,
  change: (_, { object }) => object,
  show: (_, { object, rights, capability }) => ({ object, rights, capability }),
}

describe('a capability', () => {
  let test: TestSystem
  let server: System
  let holder: System
  let other: System
  let served: Served

  before(async () => {
    test = await TestSystem.begin()
    ;[server, holder, other] = (await Promise.all(
      ['server', 'holder', 'other'].map((name) => test.join({ name })),
    )) as [System, System, System]
    served = await server.serve(Safe, handlers, { name: 'safe', identity: 'safe', nameRights: 'read' })
  })
  after(() => test[Symbol.asyncDispose]())

  const end = async (
    system: System,
    capability: Capability | string,
    operation: 'look' | 'change',
  ): Promise<string> => {
    try {
      return `object ${await system.open(Safe, capability)[operation]()}`
    } catch (error) {
      if (isCardumenError(error)) return `${error.code} ${error.executed}`
      throw error
    }
  }

  it('tells the handler what it grants, and is the one that the caller used', async () => {
    const narrow = served.capabilityFor(5).restrict({ rights: ['read', 'admin'] })
    const shown = await holder.open(Safe, narrow).show()
    assert.deepEqual([shown.object, shown.rights], [5, 0x82])
    assert.ok(shown.capability.equals(narrow))
  })

  it('that a name leads to grants what was entered with the name', async () => {
    assert.equal(await end(holder, 'safe', 'look'), 'object 0')
    assert.equal(await end(holder, 'safe', 'change'), 'right-missing no')
  })

  it('that is bound to a member works for that one, and not for any other that has it', async () => {
    const keyOf = (name: string): Uint8Array =>
      server.members().find(({ id }) => id === name)?.publicKey ?? assert.fail(`${name} is no member`)
    const bound = served.capabilityFor(1).restrict({ holder: keyOf('holder') })
    assert.equal(await end(holder, bound, 'look'), 'object 1')
    assert.equal(await end(other, bound, 'look'), 'capability-refused no')
    assert.equal(await end(server, bound, 'look'), 'capability-refused no')
    const own = served.capabilityFor(1).restrict({ holder: keyOf('server') })
    assert.equal(await end(server, own, 'look'), 'object 1')
  })

  it('that has expired is refused, and says so', async () => {
    const past = served.capabilityFor(1).restrict({ expiresAt: Date.now() - 1 })
    assert.equal(await end(holder, past, 'look'), 'capability-expired no')
    const later = served.capabilityFor(1).restrict({ expiresAt: new Date(Date.now() + 600_000) })
    assert.equal(await end(holder, later, 'look'), 'object 1')
  })

  it('that was revoked is refused also for those who used it before', async () => {
    const wide = served.capabilityFor(8)
    const narrow = wide.restrict({ rights: 'read' })
    assert.deepEqual([await end(holder, narrow, 'look'), await end(other, narrow, 'look')], ['object 8', 'object 8'])
    await served.revokeBranch(8, narrow.branch)
    assert.deepEqual(
      [await end(holder, narrow, 'look'), await end(other, narrow, 'look'), await end(other, wide, 'look')],
      ['capability-revoked no', 'capability-revoked no', 'object 8'],
    )
    await served.revokeAll(8)
    assert.equal(await end(other, wide, 'look'), 'capability-revoked no')
    assert.equal(await end(other, served.capabilityFor(8), 'look'), 'object 8')
  })

  it('leaves nothing of its secret in what a refusal or a trace prints', async () => {
    const capability = served.capabilityFor(9).restrict({ rights: 'read' })
    const tail = Buffer.from(Capability.toBytes(capability)).subarray(-32)
    for (const system of [holder, server]) system.member.traces.startRecording()
    const failure: unknown = await holder
      .open(Safe, capability)
      .change()
      .catch((error: unknown) => error)
    const traces = [holder, server].map((system) => system.member.traces.stopRecording())
    const printed =
      inspect([failure, traces, server.member.status()], { depth: null, showHidden: true }) + JSON.stringify(traces)
    assert.match(printed, /right-missing/)
    assert.ok(traces.every((events) => events.length > 0))
    for (const secret of [
      tail.toString('hex').slice(4, 20),
      tail.toString('base64url').slice(4, 20),
      [...tail.subarray(4, 9)].join(', '),
    ])
      assert.ok(!printed.includes(secret))
  })

  it('works on after its server has moved to another member, with what was revoked there', async () => {
    const [kept, gone] = [served.capabilityFor(20), served.capabilityFor(21)]
    await Promise.all([served.revokeAll(21), served.revokeAll(0)])
    await served.close()
    served = await other.serve(Safe, handlers, { name: 'safe', identity: 'safe' })
    assert.deepEqual(
      [await end(holder, kept, 'look'), await end(holder, gone, 'look'), await end(holder, 'safe', 'look')],
      ['object 20', 'capability-revoked no', 'object 0'],
    )
  })
})
