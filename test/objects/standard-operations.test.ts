/** Standard operations, paths, revocation and the audit, over links between members of a real system. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join as joinPath } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { inspect } from 'node:util'
import { z } from 'zod'
import { type AuditRecord, Capability, defineService, join, rights, type System } from '../../src/cardumen.ts'
import { Process, Run } from '../../src/servers/run/interface.ts'

const Note = defineService('note', { read: { right: 'read', output: z.string() } })
const sleeping = new URL('../running/fixtures/counting-program.ts', import.meta.url)

describe('an object of another member', { timeout: 120_000 }, () => {
  let home: string
  let server: System
  let client: System
  const notes = new Map([[1, 'one']])

  before(async () => {
    home = await mkdtemp(joinPath(tmpdir(), 'cardumen-objects-'))
    server = await join({ home, name: 'server' })
    client = await join({ home, name: 'client' })
    await server.offerDirectory()
  })
  after(async () => {
    await client.close()
    await server.close()
    await rm(home, { recursive: true, force: true })
  })

  it('answers the standard operations by capability, by name and by path', async () => {
    const served = await serveNotes({ name: 'notes' })
    const note = served.capabilityFor(1)
    await client.directory.enter('/a-note', note)
    assert.equal(await client.standard(note).info(), 'note of 3 letters')
    assert.equal(await client.standard('/a-note').info(), 'note of 3 letters')
    assert.equal(await client.standard('notes').info(), 'service note')
    assert.deepEqual(await client.standard(note).status(), { service: 'note', object: 1, passesOpen: 0, letters: 3 })
    await served.close()
  })

  it('refuses an operation whose right the capability does not grant, and says which', async () => {
    const served = await serveNotes()
    const weak = served.capabilityFor(1, 'modify')
    for (const call of [() => client.standard(weak).info(), () => client.open(Note, weak).read()])
      await assert.rejects(call(), { code: 'right-missing', executed: 'no', message: /needs read.*grants modify/ })
    await served.close()
  })

  it('is not revoked as a whole where a branch was meant and got lost', async () => {
    const served = await serveNotes()
    const note = served.capabilityFor(1)
    for (const options of [{ branch: undefined }, { brnch: note.branch }])
      await assert.rejects(client.revoke(note, options as never), { code: 'option-invalid', executed: 'no' })
    assert.equal(await client.open(Note, note).read(), 'one')
    await served.close()
  })

  it('is of no identity of the system’s own, which a program cannot take', async () => {
    const serve = server.serve(Note, { read: () => '' }, { identity: 'directory' })
    await assert.rejects(serve, { code: 'name-invalid', executed: 'no' })
  })

  it('is not opened by its text, which is told to nobody', async () => {
    const served = await serveNotes()
    const secret = Capability.toText(served.capabilityFor(1))
    assert.throws(
      () => client.open(Note, secret),
      (error: Error) =>
        /name-invalid/.test(String((error as Error & { code: string }).code)) &&
        !inspect(error).includes(secret.slice(20, 40)),
    )
    for (const target of [undefined, 5, {}])
      assert.throws(() => client.standard(target as never), { code: 'option-invalid' })
    await served.close()
  })

  it('is gone for its holders once it was destroyed, and the audit says by whom', async () => {
    notes.set(2, 'two')
    const served = await serveNotes()
    const note = served.capabilityFor(2)
    await client.standard(note).destroy()
    await assert.rejects(client.standard(note).info(), { code: 'object-unknown', executed: 'no' })
    const [latest] = await latestActs(1)
    assert.deepEqual(
      [latest?.what, latest?.who, latest?.user, latest?.object, latest?.branch],
      ['destroyed', client.member.address, userInfo().username, 2, note.branch],
    )
    await served.close()
  })

  it('opens to nobody but the new capability once all were revoked', async () => {
    const served = await serveNotes()
    const note = served.capabilityFor(1)
    const narrow = note.restrict({ rights: ['read'] })
    assert.equal(await client.open(Note, narrow).read(), 'one')
    const fresh = await client.revoke(note)
    for (const old of [note, narrow])
      await assert.rejects(client.open(Note, old).read(), { code: 'capability-revoked', executed: 'no' })
    assert.equal(await client.open(Note, fresh).read(), 'one')
    assert.deepEqual(
      (await latestActs(1)).map(({ what, branch }) => [what, branch]),
      [['revoked', note.branch]],
    )
    await served.close()
  })

  it('opens no more to one branch once that was revoked, by whoever made it', async () => {
    const served = await serveNotes()
    const held = served.capabilityFor(1, ['read', 'modify'])
    const given = held.restrict({ rights: ['read'] })
    assert.equal(await client.open(Note, given).read(), 'one')
    assert.ok((await client.revoke(held, { branch: given })).equals(held))
    await assert.rejects(client.open(Note, given).read(), { code: 'capability-revoked' })
    assert.equal(await client.open(Note, held).read(), 'one')
    await assert.rejects(client.revoke(held, { branch: held.branch }), { code: 'right-missing' })
    assert.deepEqual(
      (await latestActs(1)).map(({ what, branch }) => [what, branch]),
      [['branch-revoked', given.branch]],
    )
    await served.close()
  })

  it('that its own server revokes is in the audit as revoked by that', async () => {
    const served = await serveNotes()
    const branch = served.capabilityFor(1).restrict({ rights: 0 }).branch
    await served.revokeBranch(1, branch)
    await served.revokeAll(1)
    assert.deepEqual(
      (await latestActs(2)).map((record) => [record.what, record.who, record.branch]),
      [
        ['revoked', server.member.address, undefined],
        ['branch-revoked', server.member.address, branch],
      ],
    )
    await served.close()
  })

  it('is found again by its path when the name leads elsewhere after its server has gone', async () => {
    const first = await serveNotes()
    await client.directory.enter('/moving', first.capabilityFor(1))
    const note = client.open(Note, '/moving')
    assert.equal(await note.read(), 'one')
    await first.close()
    notes.set(3, 'three')
    const second = await serveNotes()
    const { version } = await client.directory.lookup('/moving')
    await client.directory.replace('/moving', second.capabilityFor(3), { expected: version })
    assert.equal(await note.read(), 'three')
    await second.close()
  })

  it('that is the root directory can be revoked, and processes that join then have the new root', async () => {
    const root = client.environment['root'] ?? assert.fail('no root')
    const fresh = await client.revoke(root)
    await assert.rejects(client.directory.sequence(), { code: 'capability-revoked' })
    await using late = await join({ home, name: 'late' })
    assert.ok(late.environment['root']?.equals(fresh))
    assert.ok((await late.directory.sequence()) > 0)
  })

  async function serveNotes(options: { readonly name?: string } = {}): ReturnType<System['serve']> {
    return server.serve(
      Note,
      { read: (_, { object }) => notes.get(object) ?? '' },
      {
        ...options,
        objects: {
          has: (object) => notes.has(object),
          info: (object) => (object === 0 ? 'service note' : `note of ${notes.get(object)?.length} letters`),
          status: (object) => (object === 0 ? {} : { letters: notes.get(object)?.length ?? 0 }),
          destroy: (object) => void notes.delete(object),
        },
      },
    )
  }

  async function latestActs(count: number): Promise<readonly AuditRecord[]> {
    const records: AuditRecord[] = []
    for await (const record of client.audit.read({ entriesMax: count })) records.push(record)
    return records
  }
})

describe('a process as an object', { timeout: 60_000 }, () => {
  let home: string
  let system: System

  before(async () => {
    home = await mkdtemp(joinPath(tmpdir(), 'cardumen-objects-'))
    system = await join({ home, name: 'runner' })
    await system.offerRun({ threads: 1 })
  })
  after(async () => {
    await system.close()
    await rm(home, { recursive: true, force: true })
  })

  it('tells a holder of "read" how it is, and lets only one of "destroy" end it', async () => {
    const { process, info } = await start()
    const reader = process.restrict({ rights: ['read'] })
    assert.match(await system.standard(reader).info(), new RegExp(`^process ${info.pid}, running, .*counting-program`))
    assert.equal((await system.standard(reader).status())['pid'], info.pid)
    for (const call of [
      () => system.standard(reader).destroy(),
      () => system.open(Process, reader).signal({ name: 'SIGKILL' }),
      () => system.open(Process, reader).write({ chunk: new Uint8Array(1) }),
    ])
      await assert.rejects(call(), { code: 'right-missing', executed: 'no' })
    const ended = system.open(Process, reader).wait()
    await system.standard(process.restrict({ rights: rights.destroy })).destroy()
    assert.deepEqual(await ended, { code: undefined, signal: 'SIGKILL' })
    await assert.rejects(system.standard(process).info(), { code: 'object-unknown' })
  })

  it('is started only by a holder of "create"', async () => {
    const server = system.member.servers('run')[0]?.capability ?? assert.fail('nobody runs things')
    const asking = system.open(Run, server.restrict({ rights: ['read'] }))
    assert.equal((await asking.load()).processes, 0)
    await assert.rejects(asking.start(spec), { code: 'right-missing' })
    await assert.rejects(asking.processes(), { code: 'right-missing' })
  })

  const spec = {
    ...{ module: sleeping.href, args: [], env: {}, capabilities: {}, workingFolder: undefined, detached: false },
  }

  function start(): Promise<{ readonly process: Capability; readonly info: { readonly pid: number } }> {
    return system.open(Run, 'run').start(spec)
  }
})
