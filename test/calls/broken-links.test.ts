/** Links break in the middle of calls and streams; nothing is lost, nothing is repeated. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Handlers } from '../../src/cardumen.ts'
import type { Member } from '../../src/kernel/member.ts'
import { BreakableNetwork } from './fixtures/breakable-network.ts'
import { probeHandlers } from './fixtures/probe-handlers.ts'
import { Probe } from './fixtures/probe-service.ts'
import { TestSystem, within } from './fixtures/test-system.ts'

type ProbeHandlersOnly = Handlers<(typeof Probe)['operations']>

describe('a link that breaks', () => {
  let test: TestSystem
  let network: BreakableNetwork
  let caller: Member
  const ran = new Map<string, number>()

  before(async () => {
    test = await TestSystem.begin()
    network = await BreakableNetwork.over(test.home)
    caller = await test.memberOver(network, 'caller')
    const server = await test.memberOver(network, 'server')
    const run: ProbeHandlersOnly['run'] = async ({ id, behaviour }) => {
      ran.set(id, (ran.get(id) ?? 0) + 1)
      if (behaviour === 'hold') await new Promise(setImmediate)
      return id
    }
    await server.serve(
      Probe,
      { ...probeHandlers(test.log, () => undefined).handlers, run },
      { name: 'probe', concurrency: 64 },
    )
  })
  after(() => test[Symbol.asyncDispose]())

  it('loses no call and repeats none, though it breaks again and again under them', async () => {
    const probe = caller.open(Probe, 'probe')
    const calls = 4_000
    let made = 0
    let done = 0
    let broken = 0
    const callOn = async (): Promise<void> => {
      while (made < calls) {
        const id = `call-${made++}`
        assert.equal(await probe.run({ id, behaviour: made % 3 === 0 ? 'hold' : 'now' }), id)
        if (++done % 150 === 0) broken += network.breakAll()
      }
    }
    await within(Promise.all(Array.from({ length: 64 }, callOn)), 'the calls', 60_000)
    assert.ok(broken >= 10, `links were broken ${broken} times`)
    assert.deepEqual(
      [...ran.values()].filter((times) => times !== 1),
      [],
    )
    assert.equal(ran.size, calls)
  })

  it('loses no large argument and no large result', async () => {
    const probe = caller.open(Probe, 'probe')
    const bytes = new Uint8Array(8 * 1_048_576).fill(7)
    const echoes = [probe.echo(bytes), probe.echo(bytes), probe.echo(bytes)]
    await probe.run({ id: 'beside', behaviour: 'now' })
    assert.ok(network.breakAll() > 0)
    for (const echo of await within(Promise.all(echoes), 'the echoes')) assert.deepEqual(echo, bytes)
  })

  it('loses no item of a stream, repeats none and keeps their order', async () => {
    let expected = 0
    for await (const { number } of caller.open(Probe, 'probe').count({ id: 'stream', count: 20_000 })) {
      assert.equal(number, expected++)
      if (expected % 2_500 === 0) network.breakAll()
    }
    assert.equal(expected, 20_000)
  })
})
