/** Watching over servers that are killed and stopped: each change once, in order, whatever becomes of who tells it. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { isCardumenError } from '../../src/cardumen.ts'
import type { Directory } from '../../src/servers/directory/client.ts'
import type { MemberProcess } from '../calls/fixtures/member-process.ts'
import { until, within } from '../calls/fixtures/test-system.ts'
import { DirectorySystem, namesIn } from './fixtures/directory-system.ts'

const waitMs = 60_000

describe('a watch', () => {
  let directories: DirectorySystem
  before(async () => {
    directories = await DirectorySystem.begin()
  })
  after(() => directories[Symbol.asyncDispose]())

  it('loses no change and tells none twice while the server is killed and another one begins, again and again', async () => {
    const { root, watched, server, from } = await watching(directories, '/killed')
    let serving = server
    let entered = 0
    for (let kill = 0; kill < 3; kill++) {
      const writing = Promise.allSettled(
        Array.from({ length: 30 }, () => root.enter(`/killed/row${entered++}`, root.capability)),
      )
      await until(() => watched.names.length > kill * 15, 'the first changes', waitMs)
      await serving.kill()
      serving = await directories.startServer()
      await within(writing, 'the writes', waitMs)
    }
    const names = await namesIn(root, '/killed')
    await until(() => watched.names.length >= names.length, 'all changes', waitMs)
    assert.deepEqual(watched.names.toSorted(), [...names].sort())
    assert.deepEqual(
      watched.sequences,
      watched.sequences.toSorted((one, other) => one - other),
    )
    assert.ok(watched.sequences.every((sequence) => sequence > from))
    assert.ok(names.length > 30)
    watched.stop()
    await serving.kill()
  })

  it('hears of what was changed while the server was stopped, when it goes on', async () => {
    const { root, watched, server } = await watching(directories, '/stopped')
    server.signal('SIGSTOP')
    const writing = root.enter('/stopped/row', root.capability)
    const isSilent = (): boolean =>
      directories.system.members().some(({ id, state }) => id === server.name && state === 'unresponsive')
    await until(isSilent, 'the silence of the server', waitMs)
    server.signal('SIGCONT')
    await within(writing, 'the write', waitMs)
    await until(() => watched.names.length === 1, 'the change', waitMs)
    watched.stop()
    await server.kill()
  })

  it('of somebody whose capability was revoked ends with that, at the next change', async () => {
    await using server = await directories.startServer()
    const root = await directories.root()
    const watched = await root.create('/revoked')
    const given = watched.restrict({ rights: ['owner'] })
    const seen: string[] = []
    const watch = (async () => {
      for await (const { changes } of given.watch()) seen.push(...changes.map(({ name }) => name))
    })()
    const outcome = watch.catch((error: unknown) => error)
    await watched.enter('one', root.capability)
    await until(() => seen.length === 1, 'the first change', waitMs)
    await directories.system.standard(watched.capability).revoke({ capability: given.capability })
    await watched.enter('two', root.capability)
    assert.ok(isCardumenError(await within(outcome, 'the end of the watch', waitMs), 'capability-revoked'))
    assert.deepEqual(seen, ['one'])
    await server.kill()
  })
})

interface Watched {
  readonly names: string[]
  readonly sequences: number[]
  stop(): void
}

async function watching(
  of: DirectorySystem,
  path: string,
): Promise<{ root: Directory; watched: Watched; server: MemberProcess; from: number }> {
  const server = await of.startServer()
  const root = await of.root()
  await root.create(path)
  const from = await root.sequence(path)
  const stopper = new AbortController()
  const watched: Watched = { names: [], sequences: [], stop: () => stopper.abort() }
  void (async () => {
    for await (const { sequence, changes } of root.watch(path, { from, signal: stopper.signal })) {
      watched.names.push(...changes.map(({ kind, name }) => (kind === 'entered' ? name : `${kind} ${name}`)))
      watched.sequences.push(sequence)
    }
  })()
  return { root, watched, server, from }
}
