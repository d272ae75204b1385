/** Who is a member, for how long, and how it learns that it is none any more. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { join as joinPath } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type Capability, join, type MemberEntry, type System } from '../../src/cardumen.ts'
import { answered, outcomeOf } from '../calls/fixtures/outcomes.ts'
import { Probe } from '../calls/fixtures/probe-service.ts'
import { TestSystem, until, within } from '../calls/fixtures/test-system.ts'

describe('a member', () => {
  let test: TestSystem
  let system: System
  before(async () => {
    test = await TestSystem.begin()
    system = await test.join({ name: 'first' })
  })
  after(() => test[Symbol.asyncDispose]())

  const parted = (name: string): Promise<MemberEntry> =>
    new Promise((resolve) => {
      const stop = system.onMemberParted((entry) => {
        if (entry.id !== name) return
        stop()
        resolve(entry)
      })
    })

  /** Where the member listens, as its row says. */
  async function socketOf(name: string): Promise<string> {
    const entry = await system.member.engine.get(`member/${name}`)
    const row = JSON.parse(new TextDecoder().decode(entry?.value)) as { readonly endpoints: readonly string[] }
    return row.endpoints[0]?.replace('unix:', '') ?? ''
  }

  it('cannot have the name of one that lives, nor a name that is none', async () => {
    await assert.rejects(test.join({ name: 'first' }), { code: 'name-taken' })
    for (const name of ['', 'Upper', '-a', 'a b', 'a/b', 'x'.repeat(65)])
      await assert.rejects(test.join({ name }), { code: 'name-invalid' })
    await assert.rejects(test.join({ leaseTtlMs: Number.NaN }), { code: 'option-invalid' })
    assert.deepEqual(
      system.members().map(({ id }) => id),
      ['first'],
    )
  })

  it('that is killed is noticed, and its name is free at once for its next life', async () => {
    const server = await test.startServer('reborn')
    await until(() => system.members().some(({ id }) => id === 'reborn'), 'it is seen')
    const gone = parted('reborn')
    void server.kill()
    const entry = await within(gone, 'its end')
    const next = await test.startServer('reborn')
    assert.ok(!next.lines.includes(`serving ${entry.address}`), 'a new life has a new address')
    await next.kill()
    // Nobody waits in between: the row of the dead may still stand.
    const third = await test.startServer('reborn')
    assert.equal(await system.open(Probe, 'probe').run({ id: 'reborn', behaviour: 'now' }), 'reborn')
    await third.kill()
  })

  it('that leaves takes its names with it, and its own calls fail with a code', async () => {
    const leaving = await test.join({ name: 'leaving' })
    await test.serveHere(leaving, { name: 'leaving-service' })
    const server = await test.startServer('server')
    const call = outcomeOf(leaving.open(Probe, 'probe').run({ id: 'of-leaving', behaviour: 'hold' }))
    await server.line('running of-leaving')
    const gone = parted('leaving')
    await leaving.close()
    assert.equal(await leaving.ended, 'left')
    assert.deepEqual(await call, { code: 'closed', executed: 'unknown' })
    assert.deepEqual(await outcomeOf(leaving.open(Probe, 'probe').run({ id: 'after-leaving', behaviour: 'now' })), {
      code: 'closed',
      executed: 'no',
    })
    await assert.rejects(test.serveHere(leaving, {}), { code: 'closed' })
    await within(gone, 'its end')
    await until(() => system.member.servers('leaving-service').length === 0, 'the name is free')
    await server.line('given-up of-leaving')
    await server.kill()
  })

  it('that is stopped for longer than its lease is taken for dead, and learns it', async () => {
    const server = await test.startServer('server')
    const stopped = await test.startCaller('stopped', { leaseTtlMs: 500 })
    const stoppedServer = await test.startServer('stopped-server', {
      join: { leaseTtlMs: 500 },
      serve: { name: 'stopped-probe' },
    })
    stopped.call({ id: 'of-stopped', behaviour: 'hold' })
    await server.line('running of-stopped')
    const toStopped = outcomeOf(system.open(Probe, 'stopped-probe').run({ id: 'to-stopped', behaviour: 'hold' }))
    await stoppedServer.line('running to-stopped')
    const gone = Promise.all([parted('stopped'), parted('stopped-server')])

    stopped.signal('SIGSTOP')
    stoppedServer.signal('SIGSTOP')
    await within(gone, 'the end of both')
    await server.line('given-up of-stopped')
    assert.deepEqual(await toStopped, { code: 'member-died', executed: 'unknown' })

    stopped.signal('SIGCONT')
    stoppedServer.signal('SIGCONT')
    await stopped.line('ended expelled')
    await stoppedServer.line('ended expelled')
    assert.equal(await stopped.line('failed of-stopped'), 'failed of-stopped lease-lost unknown')
    stopped.call({ id: 'afterwards', behaviour: 'now' })
    assert.equal(await stopped.line('failed afterwards'), 'failed afterwards lease-lost no')
    assert.equal(test.executions('to-stopped'), 1)
    await Promise.all([server.kill(), stopped.kill(), stoppedServer.kill()])
  })

  it('goes on though garbage comes to its socket while calls flow', async () => {
    await using server = await test.startServer('pestered')
    const probe = system.open(Probe, 'probe')
    const socket = await socketOf('pestered')
    let isDone = false
    const pester = async (garbage: Uint8Array): Promise<void> => {
      while (!isDone) {
        await new Promise<void>((resolve) => {
          const connection = connect(socket)
          connection.on('error', () => undefined).on('close', () => resolve())
          connection.end(garbage)
          connection.resume()
        })
      }
    }
    const random = new Uint8Array(4_096).map((_, index) => (index * 2_654_435_761) >>> 13)
    const pesterers = [
      random,
      new Uint8Array(64),
      new Uint8Array(9).fill(255),
      new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n'),
    ].map(pester)
    const calls = Array.from({ length: 32 }, async (_, lane) => {
      for (let index = 0; index < 50; index++)
        assert.deepEqual(await outcomeOf(probe.run({ id: `p-${lane}-${index}`, behaviour: 'now' })), answered)
    })
    await within(Promise.all(calls), 'the calls')
    isDone = true
    await Promise.all(pesterers)
    assert.equal(server.hasEnded, false)
  })

  it('in which an invariant of ours breaks ends, and its callers hear of its death', async () => {
    await using server = await test.startServer('broken', { serve: { name: 'broken' } })
    const call = outcomeOf(system.open(Probe, 'broken').run({ id: 'break', behaviour: 'break' }))
    assert.deepEqual(await within(call, 'the outcome'), { code: 'member-died', executed: 'unknown' })
    assert.notEqual(await server.ended(), 0)
    assert.match(server.complaints, /BrokenInvariant: broken for break/)
  })

  it('can be joined over TCP, by options, and calls as over Unix sockets', async () => {
    const other = await test.join({ name: 'over-tcp', network: 'tcp' })
    const served = await test.serveHere(other, { name: 'tcp-probe' })
    assert.equal(await system.open(Probe, 'tcp-probe').run({ id: 'tcp', behaviour: 'now' }), 'tcp')
    const capability: Capability = served.capability
    const third = await test.join({ name: 'third-over-tcp', network: 'tcp' })
    assert.equal(await third.open(Probe, capability).run({ id: 'tcp-2', behaviour: 'now' }), 'tcp-2')
  })

  it('whose joining is given up is no member and leaves nothing open', async () => {
    const before = system.members().length
    await assert.rejects(test.join({ name: 'given-up', signal: AbortSignal.abort() }), { code: 'cancelled' })
    await assert.rejects(join({ home: joinPath(test.log, 'below-a-file'), name: 'nowhere' }), {
      code: 'state-unwritable',
    })
    assert.equal(system.members().length, before)
  })
})
