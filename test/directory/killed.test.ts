/** The server of the directory dies by SIGKILL at each of its steps: a change is there as a whole, or not at all. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { isCardumenError } from '../../src/cardumen.ts'
import type { Directory } from '../../src/servers/directory/client.ts'
import { DirectoryHost } from '../../src/servers/directory/host.ts'
import { within } from '../calls/fixtures/test-system.ts'
import { DirectorySystem } from './fixtures/directory-system.ts'
import type { Hold } from './fixtures/holding-engine.ts'

interface Change {
  readonly what: string
  run(root: Directory, round: string): Promise<unknown>
  /** Each is there or none is: names that the whole of it leaves in the two directories. */
  readonly whole: (round: string) => readonly string[]
}

const changes: readonly Change[] = [
  {
    what: 'enter',
    run: (root, round) => root.enter(`/a/${round}`, root.capability),
    whole: (round) => [`a/${round}`],
  },
  {
    what: 'install over two directories',
    run: (root, round) =>
      root.install([
        { kind: 'enter', path: `/a/${round}`, capability: root.capability },
        { kind: 'enter', path: `/b/${round}`, capability: root.capability },
      ]),
    whole: (round) => [`a/${round}`, `b/${round}`],
  },
  {
    what: 'create',
    run: (root, round) => root.create(`/b/${round}`),
    whole: (round) => [`b/${round}`],
  },
]

describe('a directory server that is killed', () => {
  let directories: DirectorySystem
  before(async () => {
    directories = await DirectorySystem.begin()
    await directories.served(async (root) => {
      await root.create('/a')
      await root.create('/b')
    })
  })
  after(() => directories[Symbol.asyncDispose]())

  for (const [index, change] of changes.entries()) {
    it(`at any step of ${change.what} leaves all of it or nothing, and the next server goes on`, async () => {
      // Before each call of the engine; that is also after the one before it.
      let calls = 0
      while (
        (await outcomeOf(directories, change, `${index}-${calls}`, { call: calls + 1, when: 'before' })) !== 'done'
      ) {
        calls++
      }
      assert.ok(calls > 1, 'it was killed at steps before')
      // After the last one: it is written, and nobody was told.
      const round = `${index}-last`
      assert.equal(await outcomeOf(directories, change, round, { call: calls, when: 'after' }), 'unknown')
      assert.deepEqual(await thereOf(directories, round), change.whole(round))
    })
  }

  it('loses no row that was acknowledged before', async () => {
    await using server = await directories.startServer()
    const root = await directories.root()
    const version = await root.enter('/kept', root.capability)
    await server.kill()
    await directories.served(async (after) => assert.equal((await after.lookup('/kept')).version, version))
  })
})

/** What the caller was told when the server is killed there: `done`, or whether it ran; and that it is told the truth. */
async function outcomeOf(of: DirectorySystem, change: Change, round: string, hold: Hold): Promise<string> {
  const outcome = await killedAt(of, change, round, hold)
  const there = await thereOf(of, round)
  if (outcome === 'done') assert.deepEqual(there, change.whole(round))
  if (outcome === 'no') assert.deepEqual(there, [])
  if (there.length > 0) assert.deepEqual(there, change.whole(round))
  return outcome
}

/** As the next server of the directory tells it. */
async function thereOf(of: DirectorySystem, round: string): Promise<readonly string[]> {
  return await of.served(async (root) => {
    const found = await root.setlookup([`/a/${round}`, `/b/${round}`])
    return ['a', 'b'].flatMap((directory, at) => (found[at] === undefined ? [] : [`${directory}/${round}`]))
  })
}

async function killedAt(of: DirectorySystem, change: Change, round: string, hold: Hold): Promise<string> {
  await using server = await of.startServer()
  const root = await of.root()
  await root.enter(`/warm-${round}`, root.capability)
  server.tell(`hold ${hold.when} ${hold.call}`)
  await server.line('armed')
  const told = change.run(root, round).then(
    () => 'done',
    (error: unknown) => (isCardumenError(error) ? error.executed : String(error)),
  )
  const first = await within(Promise.race([server.line('held'), told]), 'a step')
  await server.kill()
  return first === 'done' ? first : await within(told, 'the outcome for the caller', 30_000)
}

describe('a look-up that the death of the server interrupts', () => {
  it('is answered by the process that asks, which takes the directory over', async () => {
    await using directories = await DirectorySystem.begin()
    await using server = await directories.startServer()
    await using host = new DirectoryHost(directories.system.member)
    const root = host.directory(await host.root())
    const version = await root.enter('/row', root.capability)
    server.tell('hold before 1')
    await server.line('armed')
    const looking = root.lookup('/row')
    await server.line('held')
    await server.kill()
    assert.equal((await within(looking, 'the answer', 10_000)).version, version)
    assert.ok(host.isServing)
  })
})
