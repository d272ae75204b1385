/** Rows that change under their reader or writer: a server that was replaced, and a look-up whose way changes. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Capability } from '../../kernel/capabilities/capability.ts'
import { portKeyOf } from '../../kernel/ports/server-rows.ts'
import { playDirectory, refusedAs } from './fixtures/directory-world.ts'
import { rootObject } from './interface.ts'
import { encodeHead, headKeyOf, rowKeyOf } from './rows.ts'
import { DirectoryStore } from './store.ts'

describe('a directory server that another has replaced', () => {
  it('writes nothing any more, and says that it did not run', () =>
    playDirectory(async ({ on }) => {
      await on('m2', async (root, { member: { engine } }) => {
        const key = portKeyOf(Capability.portOf(root.capability))
        const row = await engine.get(key)
        assert.ok(row)
        const old = new DirectoryStore(engine, [{ kind: 'revision', key, equals: row.revision }])
        const head = await old.knownHead(rootObject)
        await engine.put(key, row.value, row.lease === undefined ? {} : { lease: row.lease })
        const put = { kind: 'put', key: head.key, value: encodeHead({ columns: [], count: 9, changes: [] }) } as const
        await refusedAs('address-unknown', () => old.write([head.condition], [put]))
        assert.equal((await engine.get(headKeyOf(rootObject)))?.revision, head.version)
      })
    }))

  it('is told apart from one whose rows have changed, which decides anew', () =>
    playDirectory(async ({ on }) => {
      await on('m2', async (root, { member: { engine } }) => {
        const key = portKeyOf(Capability.portOf(root.capability))
        const row = await engine.get(key)
        assert.ok(row)
        const store = new DirectoryStore(engine, [{ kind: 'revision', key, equals: row.revision }])
        const { condition } = await store.knownHead(rootObject)
        await root.enter('meanwhile', root.capability)
        assert.equal(await store.write([condition], []), undefined)
      })
    }))

  it('leaves no change of the next one half, though it was paused in the middle of its own', () =>
    playDirectory(async ({ on, world }) => {
      const outcomes: Promise<unknown>[] = []
      await on('m3', (root) => {
        for (let at = 0; at < 20; at++) {
          const change = (name: string): { kind: 'enter'; path: string; capability: Capability } => ({
            kind: 'enter',
            path: `${name}${at}`,
            capability: root.capability,
          })
          outcomes.push(root.install([change('left'), change('right')]))
        }
        return Promise.resolve()
      })
      world.pause('m1')
      await world.sleep(15_000)
      await on('m2', (_, __, host) => host.ensure())
      await on('m2', (root) => root.enter('after', root.capability))
      world.resume('m1')
      const acknowledged = (await Promise.allSettled(outcomes)).filter(({ status }) => status === 'fulfilled').length
      const names = await on('m3', async (root) => {
        const all: string[] = []
        for await (const { name } of root.list()) all.push(name)
        return all
      })
      assert.ok(names.includes('after'))
      const numbers = (side: string): readonly string[] =>
        names.filter((name) => name.startsWith(side)).map((name) => name.slice(side.length))
      assert.deepEqual(numbers('left'), numbers('right'))
      assert.ok(numbers('left').length >= acknowledged)
    }))
})

describe('a look-up along a path', () => {
  it('gives nothing that was never there, though the way changed between its reads', () =>
    playDirectory(async ({ on }) => {
      await on('m1', async (root, { member: { engine } }) => {
        const [a, b] = [await root.create('a'), await root.create('b')]
        const early = root.capability.restrict({ rights: 'read' })
        const late = root.capability.restrict({ rights: 'modify' })
        const other = root.capability.restrict({ rights: 'destroy' })
        const version = await a.enter('x', early)
        await b.enter('x', other)
        const linked = await root.enter('link', a.capability)
        const key = rowKeyOf(Capability.partsOf(a.capability).object, 'x')
        const get = engine.get.bind(engine)
        let isChanged = false
        engine.get = async (asked) => {
          if (asked !== key || isChanged) return await get(asked)
          isChanged = true
          await root.replace('link', b.capability, { expected: linked })
          await a.replace('x', late, { expected: version })
          return await get(asked)
        }
        const { capability } = await root.lookup('link/x')
        assert.equal(isChanged, true)
        assert.equal(capability.branch, other.branch)
      })
    }))
})
