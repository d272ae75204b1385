/** What directories are as a graph, and what moves, hides, ends and crosses between servers in it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { allRights, rights } from '../../kernel/capabilities/rights.ts'
import { Standard } from '../../kernel/standard/standard-service.ts'
import { checked } from '../../kernel/schemas.ts'
import { defineService } from '../../kernel/service.ts'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import type { Directory } from './client.ts'
import { playDirectory, refusedAs } from './fixtures/directory-world.ts'
import { DirectoryService, rowsPerPageMax, packedRow } from './interface.ts'
import { positionBytes } from './positions.ts'

const { read, modify } = rights
const fromTheBegin = { after: undefined, position: undefined, prefix: undefined }
const namesOnly = { columns: false, capabilities: false }
const Lamp = defineService('lamp', { light: {} })

async function namesIn(directory: Directory, path = '/'): Promise<readonly string[]> {
  const names: string[] = []
  for await (const { name } of directory.list(path)) names.push(name)
  return names
}

describe('a tree of directories', () => {
  it('may lead in a circle: a path goes round as long as it is, and no longer than its bound', () =>
    playDirectory(async ({ on }) => {
      await on('m2', async (root) => {
        await root.create('a')
        await root.enter('a/up', root.capability)
        assert.equal((await root.lookup(`${'a/up/'.repeat(31)}a`)).name, 'a')
        await refusedAs('too-large', () => root.lookup('a/up/'.repeat(40)))
      })
    }))

  it('tells by its numbers which names lead to the same directory', () =>
    playDirectory(async ({ on }) => {
      await on('m2', async (root) => {
        const one = await root.create('one')
        await root.enter('again', one.capability.restrict({ rights: ['read', 'owner'] }))
        await root.create('two')
        const numbers = new Map<string, number | undefined>()
        for await (const row of root.list()) numbers.set(row.name, row.directory)
        assert.equal(numbers.get('one'), numbers.get('again'))
        assert.notEqual(numbers.get('one'), numbers.get('two'))
      })
    }))

  it('keeps a directory that is not empty, and says of one that is gone that it is gone', () =>
    playDirectory(async ({ on }) => {
      await on('m2', async (root, system) => {
        const gone = await root.create('gone')
        await gone.create('inner')
        const standard = system.member.open(Standard, gone.capability)
        await refusedAs('directory-not-empty', () => standard.destroy(undefined))
        await gone.remove('inner')
        await standard.destroy(undefined)
        await refusedAs('object-unknown', () => root.lookup('gone/anything'))
        await refusedAs('object-unknown', () => gone.enter('new', root.capability))
        await refusedAs('object-unknown', () => namesIn(root, 'gone'))
        await refusedAs('operation-unsupported', () => system.member.open(Standard, root.capability).destroy(undefined))
      })
    }))

  it('is not cut off: a directory cannot be moved to a name below its own', () =>
    playDirectory(async ({ on }) => {
      await on('m2', async (root) => {
        await root.create('a')
        await root.create('a/b')
        for (const target of ['a/c', 'a/b/c']) await refusedAs('option-invalid', () => root.move('a', target))
        assert.deepEqual([await namesIn(root), await namesIn(root, 'a')], [['a'], ['b']])
        await root.move('a/b', 'c')
        await root.move('a', 'c/a')
        assert.deepEqual(await namesIn(root, 'c'), ['a'])
      })
    }))

  it('tells three things apart: no such name, a name whose server is gone, and one that may not be seen', () =>
    playDirectory(async ({ on }) => {
      await on('m2', async (root, system) => {
        const lamp = await system.serve(Lamp, { light: () => undefined })
        await root.enter('lamp', lamp.capability)
        await root.enter('dark', lamp.capability, { masks: [0, 0, read] })
        await lamp.close()
        await refusedAs('name-unknown', () => root.lookup('nothing'))
        const { capability } = await root.lookup('lamp')
        await refusedAs('address-unknown', () => system.member.open(Lamp, capability).light(undefined))
        await refusedAs('access-refused', () => root.restrict({ rights: ['owner'] }).lookup('dark'))
        await refusedAs('name-unknown', () => root.restrict({ rights: ['group'] }).lookup('dark'))
      })
    }))

  it('says of a path through something else that it is no directory', () =>
    playDirectory(async ({ on }) => {
      await on('m2', async (root, system) => {
        const lamp = await system.serve(Lamp, { light: () => undefined })
        await root.enter('lamp', lamp.capability)
        await refusedAs('not-a-directory', () => root.lookup('lamp/bulb'))
        await refusedAs('not-a-directory', () => namesIn(root, 'lamp'))
        await refusedAs('not-a-directory', () => root.move('lamp/bulb', 'bulb'))
      })
    }))

  it('is walked on by the caller where only he can open what a row leads to', () =>
    playDirectory(async ({ on }) => {
      await on('m2', async (root) => {
        const inner = await root.create('inner')
        await inner.enter('x', root.capability)
        const looking = inner.capability.restrict({ operations: ['lookup'] })
        await root.enter('looking', looking)
        assert.equal((await root.lookup('looking/x')).name, 'x')
        await refusedAs('right-missing', () => root.enter('looking/y', root.capability))
      })
    }))
})

describe('a row', () => {
  it('names a set: a look-up gives all of it, each narrowed', () =>
    playDirectory(async ({ on }) => {
      await on('m2', async (root) => {
        const set = [root.capability, root.capability.restrict({ rights: ['read', 'modify'] })]
        await root.enter('set', set, { masks: [read] })
        const { capabilities } = await root.lookup('set')
        assert.deepEqual(
          capabilities.map((each) => each.rights),
          [read, read],
        )
        await refusedAs('option-invalid', () => root.enter('none', []))
        await refusedAs('directory-full', () =>
          root.enter(
            'many',
            Array.from({ length: 17 }, () => root.capability),
          ),
        )
      })
    }))

  it('can be narrowed by everybody who looks it up: a capability at its bound cannot be entered', () =>
    playDirectory(async ({ on }) => {
      await on('m2', async (root) => {
        let full = root.capability
        for (let caveats = 0; caveats < 16; caveats++) full = full.restrict({ expiresAt: 2 ** 47 + caveats })
        await refusedAs('too-large', () => root.enter('full', full))
        await root.enter('other', root.capability)
        assert.deepEqual(await namesIn(root), ['other'])
      })
    }))

  it('carries no more to another directory than whoever moves it could look up', () =>
    playDirectory(async ({ on }) => {
      await on('m2', async (root) => {
        const ofTheGroup = [allRights, read | modify | rights.group]
        await root.create('theirs', { masks: ofTheGroup })
        await root.create('mine', { masks: ofTheGroup })
        await root.create('shown', { masks: [allRights, read | rights.group] })
        await root.enter('theirs/row', root.capability, { masks: [allRights, read] })
        const mover = root.restrict({ rights: ['group'] })
        await refusedAs('right-missing', () => mover.move('theirs/row', 'shown/row'))
        await mover.move('theirs/row', 'mine/row')
        assert.equal((await root.lookup('mine/row')).capability.rights, read)
      })
    }))

  it('is replaced only as it was expected, and else nothing is changed', () =>
    playDirectory(async ({ on }) => {
      await on('m2', async (root) => {
        const version = await root.enter('row', root.capability)
        const later = await root.chmod('row', [allRights])
        await refusedAs('name-clash', () => root.replace('row', root.capability, { expected: version }))
        await refusedAs('name-clash', () => root.remove('row', { expected: version }))
        await refusedAs('name-exists', () => root.enter('row', root.capability))
        assert.ok((await root.replace('row', root.capability, { expected: later })) > later)
        assert.deepEqual(await root.getmasks('row'), [allRights, 0, 0, 0])
      })
    }))

  it('that is hidden shows in no page of a listing, and does not hide those behind it', () =>
    playDirectory(async ({ on }) => {
      await on('m2', async (root) => {
        const rows = 2 * rowsPerPageMax + 10
        for (let at = 0; at < rows; at += 32) {
          await root.install(
            Array.from({ length: Math.min(32, rows - at) }, (_, more) => ({
              kind: 'enter',
              path: `row${String(at + more).padStart(5, '0')}`,
              capability: root.capability,
              masks: [allRights, at + more === rows - 1 || at + more === 3 ? read : 0],
            })),
          )
        }
        assert.equal((await namesIn(root)).length, rows)
        assert.deepEqual(await namesIn(root.restrict({ rights: ['group'] })), ['row00003', 'row02057'])
      })
    }))

  it('that is hidden is counted for owners only, and does not show by there being more', () =>
    playDirectory(async ({ on }) => {
      await on('m2', async (root, system) => {
        for (const name of ['b', 'd']) await root.enter(name, root.capability)
        for (const name of ['a', 'c', 'e']) await root.enter(name, root.capability, { masks: ['all'] })
        const ofTheGroup = root.capability.restrict({ rights: ['read', 'group'] })
        const standard = system.member.open(Standard, ofTheGroup)
        assert.match(await standard.info(undefined), /^directory, sequence \d+$/)
        assert.equal((await standard.status(undefined))['rows'], undefined)
        assert.equal((await system.member.open(Standard, root.capability).status(undefined))['rows'], 5)
        const client = system.member.open(DirectoryService, ofTheGroup)
        const page = (after: string | undefined) =>
          client.list({ ...fromTheBegin, after, rowsMax: 1, ...namesOnly }).then(({ rows, more, position }) => ({
            names: rows.map(([name]) => name),
            more,
            position,
          }))
        assert.deepEqual(await page(undefined), { names: ['b'], more: true, position: undefined })
        assert.deepEqual(await page('b'), { names: ['d'], more: false, position: undefined })
      })
    }))

  it('is listed by the beginning of its name, in whatever form that is written', () =>
    playDirectory(async ({ on }) => {
      await on('m2', async (root) => {
        for (const name of ['mail', 'mail-2', 'mais', 'über', 'm']) await root.enter(name, root.capability)
        const beginning = async (prefix: string): Promise<readonly string[]> => {
          const names: string[] = []
          for await (const { name } of root.list('/', { prefix })) names.push(name)
          return names
        }
        assert.deepEqual(await beginning('mail'), ['mail', 'mail-2'])
        assert.deepEqual(await beginning('u\u0308'), ['über'])
        assert.deepEqual(await beginning('n'), [])
        assert.deepEqual(await beginning('../'), [])
      })
    }))

  it('is the same under every look-up of one moment, however often it is moved', () =>
    playDirectory(async ({ on, world }) => {
      await on('m2', async (root) => {
        await root.create('a')
        await root.create('b')
        await root.enter('a/token', root.capability)
      })
      let isOver = false
      const moving = on('m2', async (root) => {
        for (let turn = 0; turn < 200; turn++) {
          const [from, to] = turn % 2 === 0 ? ['a', 'b'] : ['b', 'a']
          await root.move(`${from}/token`, `${to}/token`)
        }
        isOver = true
      })
      const counts = await on('m3', async (root) => {
        const seen: number[] = []
        while (!isOver) {
          const found = await root.setlookup(['a/token', 'b/token'])
          seen.push(found.filter(Boolean).length)
          await world.sleep(1)
        }
        return seen
      })
      await moving
      assert.ok(counts.length > 10)
      assert.ok(
        counts.every((count) => count === 1),
        String(counts),
      )
    }))
})

describe('the directory server', () => {
  it('refuses names and numbers of rows that no client of ours would send', () =>
    playDirectory(async ({ on }) => {
      await on('m2', async (root, system) => {
        const client = system.member.open(DirectoryService, root.capability)
        for (const name of ['..', '.', '', 'a/b', 'nul\0', 'x'.repeat(65_536), '\u202e', 'pаypal'])
          await assert.rejects(
            client.enter({ path: [name], capabilities: [root.capability], masks: undefined }),
            (error) => isCardumenError(error, 'name-invalid') || isCardumenError(error, 'input-refused'),
          )
        await refusedAs('name-invalid', () => client.lookup({ path: [] }))
        await refusedAs('input-refused', () => client.lookup({ path: Array.from({ length: 65 }, () => 'a') }))
        await refusedAs('input-refused', () =>
          client.list({ ...fromTheBegin, rowsMax: 1e9, columns: true, capabilities: true }),
        )
        await refusedAs('option-invalid', () =>
          client.list({ ...fromTheBegin, position: new Uint8Array(positionBytes), rowsMax: 1, ...namesOnly }),
        )
        await refusedAs('option-invalid', () => client.install({ changes: [] }))
        const twice = {
          kind: 'enter',
          path: ['x'],
          capabilities: [root.capability],
          masks: undefined,
          expected: undefined,
        } as const
        await refusedAs('option-invalid', () => client.install({ changes: [twice, twice] }))
        assert.deepEqual(await namesIn(root), [])
      })
    }))

  it('is not believed where it is not ours and lists what no row can be called', () =>
    playDirectory(async ({ on }) => {
      await on('m2', async (root, system) => {
        const listed = { version: 1, rights: 0, count: 1, enteredMs: 0, enteredBy: 'm1#1' }
        let row = { ...listed, name: 'fine', directory: undefined, masks: undefined, capabilities: undefined }
        const Unchecked = defineService('directory', {
          list: { output: checked('anything', (value): value is object => typeof value === 'object') },
        })
        const foreign = await system.serve(Unchecked, {
          list: () => ({ rows: [packedRow(row)], more: false, position: undefined }),
        })
        await root.enter('foreign', foreign.capability)
        assert.deepEqual(await namesIn(root, 'foreign'), ['fine'])
        for (const wrong of [{ name: '\u001b]0;title\u0007' }, { name: '../up' }, { enteredBy: '\u001b[2J' }]) {
          row = { ...row, name: 'fine', enteredBy: 'm1#1', ...wrong }
          await refusedAs('output-refused', () => namesIn(root, 'foreign'))
        }
      })
    }))

  it('has object 0 as itself, which is no directory', () =>
    playDirectory(async ({ on }) => {
      await on('m1', async (root, system) => {
        const { capability } = await system.member.keptCapability('directory', 0).then((zero) => ({ capability: zero }))
        await refusedAs('object-unknown', () =>
          system.member.open(DirectoryService, capability).lookup({ path: ['a'] }),
        )
        assert.equal(await system.member.open(Standard, capability).info(undefined), 'server of the directory')
        await root.enter('server', capability)
        for await (const row of root.list()) assert.ok(!row.isDirectory)
        assert.match(await system.member.open(Standard, root.capability).info(undefined), /^directory, 1 row,/)
      })
    }))

  it('tells the audit of each change, with who asked, and no secret', () =>
    playDirectory(async ({ on }) => {
      await on('m2', async (root, system) => {
        await root.enter('row', root.capability)
        await root.chmod('row', [read | modify])
        await root.remove('row')
        const notes: string[] = []
        for await (const { what, name, who } of system.member.audit.read()) {
          assert.equal(who, system.member.address)
          notes.push(`${what} ${name}`)
        }
        assert.deepEqual(notes.toReversed(), ['entered row', 'restricted row', 'removed row'])
      })
    }))
})
