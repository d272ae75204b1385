/** The directory between members of a simulated world: what each operation does, and what it refuses. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { defineService } from '../../kernel/service.ts'
import { text } from '../../kernel/schemas.ts'
import { rights } from '../../kernel/capabilities/rights.ts'
import { playDirectory, refusedAs } from './fixtures/directory-world.ts'

const Echo = defineService('echo', { say: { input: text(100), output: text(100) } })

describe('the directory', () => {
  it('leads every member from a name to the object that was entered under it', () =>
    playDirectory(async ({ on }) => {
      await on('m2', async (root, system) => {
        const served = await system.serve(Echo, { say: (said) => said })
        await root.enter('/echo', served.capability)
      })
      const said = await on('m3', async (root, system) =>
        system.open(Echo, (await root.lookup('echo')).capability).say('hello'),
      )
      assert.equal(said, 'hello')
    }))

  it('walks a path through directories in one call, and lists, removes and moves names', () =>
    playDirectory(async ({ on }) => {
      await on('m2', async (root) => {
        const services = await root.create('/services')
        await services.create('mail')
        await root.enter('/services/mail/again', services.capability)
        const found = await root.lookup('/services/mail/again/mail/again')
        assert.equal(found.name, 'again')
        const names = async (path: string): Promise<string[]> => {
          const all: string[] = []
          for await (const row of root.list(path)) all.push(row.isDirectory ? `${row.name}/` : row.name)
          return all
        }
        assert.deepEqual(await names('/'), ['services/'])
        assert.deepEqual(await names('/services/mail'), ['again/'])
        await root.move('/services/mail', '/post')
        assert.deepEqual(await names('/'), ['post/', 'services/'])
        await root.remove('/post/again')
        assert.deepEqual(await names('/post'), [])
        await refusedAs('name-unknown', () => root.lookup('/services/mail'))
      })
    }))

  it('installs all of several changes or none, and of two that clash one', () =>
    playDirectory(async ({ on }) => {
      const { capability, version } = await on('m1', async (root) => {
        await root.create('/a')
        await root.create('/b')
        return { capability: root.capability, version: await root.enter('/a/x', root.capability) }
      })
      const attempt = (member: string): Promise<string> =>
        on(member, (root) =>
          root
            .install([
              { kind: 'remove', path: '/a/x', expected: version },
              { kind: 'enter', path: `/b/${member}`, capability },
            ])
            .then(
              () => 'won',
              (error: { code: string }) => error.code,
            ),
        )
      const outcomes = await Promise.all([attempt('m2'), attempt('m3'), attempt('m1')])
      assert.deepEqual(outcomes.toSorted(), ['name-clash', 'name-clash', 'won'])
      await on('m2', async (root) => {
        let count = 0
        for await (const row of root.list('/b')) count += row.count
        assert.equal(count, 1)
      })
    }))

  it('tells watchers of each change once, also over a server that moves', () =>
    playDirectory(async ({ on, world }) => {
      const seen: string[] = []
      const watched = on('m3', async (root) => {
        for await (const { changes } of root.watch('/')) {
          for (const { kind, name } of changes) seen.push(`${kind} ${name}`)
          if (seen.length === 4) break
        }
      })
      await world.sleep(100)
      await on('m2', async (root) => {
        await root.enter('one', root.capability)
        await root.chmod('one', [0xffff_ffff])
      })
      await on('m1', (_, __, host) => host.close())
      await on('m2', async (root) => {
        const { version } = await root.lookup('one')
        await root.replace('one', root.capability, { expected: version })
        await root.remove('one')
      })
      await watched
      assert.deepEqual(seen, ['entered one', 'masks one', 'replaced one', 'removed one'])
    }))

  it('gives out no more than the masks of the columns held', () =>
    playDirectory(async ({ on }) => {
      await on('m2', async (root) => {
        await root.create('/shared', { masks: [0xffff_ffff, rights.read | rights.group, 0] })
        const group = root.restrict({ rights: ['group', 'read'] })
        assert.equal((await group.lookup('shared')).capability.rights, rights.read | rights.group)
        const other = root.restrict({ rights: ['other', 'read'] })
        await refusedAs('name-unknown', () => other.lookup('shared'))
        await refusedAs('access-refused', () => root.restrict({ rights: ['read', 'modify'] }).lookup('shared'))
        await refusedAs('right-missing', () => group.enter('shared/x', root.capability))
      })
    }))
})
