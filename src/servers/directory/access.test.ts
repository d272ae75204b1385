/** Columns, masks and operations: who gets what, as tables. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { allRights, hasRights, type RightName, rights, rightsOf } from '../../kernel/capabilities/rights.ts'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import type { ErrorCode } from '../../lib/error-codes.ts'
import { grantedBy, masksAfter, mayKnowOf } from './access.ts'
import { playDirectory } from './fixtures/directory-world.ts'
import type { Directory } from './client.ts'

const { read, modify, other } = rights
/** Of the row that the tables are about: owners everything, the group may read, others nothing, the fourth modify. */
const masks = [allRights, read, 0, modify]

type Outcome = 'done' | ErrorCode

/** For each set of rights of the directory's capability, in the order of `operations`. */
const operations = ['lookup', 'list', 'getmasks', 'sequence', 'enter', 'replace', 'chmod', 'remove', 'create'] as const
const table: readonly (readonly [readonly RightName[], ...(readonly Outcome[])])[] = [
  // prettier-ignore
  [['owner', 'modify', 'create'], 'done', 'done', 'done', 'done', 'done', 'done', 'done', 'done', 'done'],
  [['owner', 'modify'], 'done', 'done', 'done', 'done', 'done', 'done', 'done', 'done', 'right-missing'],
  [['owner', 'create'], 'done', 'done', 'done', 'done', ...refusals(5)],
  [['owner'], 'done', 'done', 'done', 'done', ...refusals(5)],
  [['group'], 'done', 'done', 'done', 'done', ...refusals(5)],
  [['group', 'modify'], 'done', 'done', 'done', 'done', 'done', 'done', 'access-refused', 'done', 'right-missing'],
  [['other'], 'name-unknown', 'done', 'name-unknown', 'done', ...refusals(5)],
  // prettier-ignore
  [
    ['other', 'modify'],
    'name-unknown',
    'done',
    'name-unknown',
    'done',
    'done',
    'name-unknown',
    'name-unknown',
    'name-unknown',
    'right-missing',
  ],
  [['fourth'], 'done', 'done', 'done', 'done', ...refusals(5)],
  [['other', 'group'], 'done', 'done', 'done', 'done', ...refusals(5)],
  // prettier-ignore
  [
    ['modify', 'create'],
    'access-refused',
    'access-refused',
    'access-refused',
    'access-refused',
    'done',
    'name-unknown',
    'name-unknown',
    'name-unknown',
    'done',
  ],
  [['read'], 'access-refused', 'access-refused', 'access-refused', 'access-refused', ...refusals(5)],
]

function refusals(count: number): readonly Outcome[] {
  return Array.from({ length: count }, () => 'right-missing' as const)
}

async function attempt(
  directory: Directory,
  root: Directory,
  operation: (typeof operations)[number],
  version: number,
): Promise<unknown> {
  switch (operation) {
    case 'lookup':
      return await directory.lookup('row')
    case 'list':
      for await (const { name } of directory.list()) assert.ok(name !== '')
      return undefined
    case 'getmasks':
      return await directory.getmasks('row')
    case 'sequence':
      return await directory.sequence()
    case 'enter':
      return await directory.enter('new', root.capability)
    case 'replace':
      return await directory.replace('row', root.capability, { expected: version })
    case 'chmod':
      return await directory.chmod('row', [allRights, read, allRights])
    case 'remove':
      return await directory.remove('row')
    case 'create':
      return await directory.create('made')
  }
}

describe('rights in a directory', () => {
  it('decide each operation by the columns and rights held', () =>
    playDirectory(async ({ on }) => {
      await on('m2', async (root) => {
        for (const [held, ...outcomes] of table) {
          for (const [at, operation] of operations.entries()) {
            const place = await root.create('place')
            const version = await place.enter('row', root.capability, { masks })
            const outcome = await attempt(place.restrict({ rights: held }), root, operation, version).then(
              () => 'done',
              (error: unknown) => (isCardumenError(error) ? error.code : String(error)),
            )
            assert.equal(outcome, outcomes[at], `${operation} with ${held.join(' ')}`)
            await root.remove('place')
          }
        }
      })
    }))

  it('give of a row the union of the masks of the columns held, and no more than its capability grants', () =>
    playDirectory(async ({ on }) => {
      await on('m2', async (root) => {
        const entered = root.capability.restrict({ rights: ['read', 'modify', 'other'] })
        await root.enter('row', entered, { masks: [allRights, read | rights.destroy, modify, 0] })
        const seen = async (held: readonly RightName[]): Promise<number> =>
          (await root.restrict({ rights: held }).lookup('row')).capability.rights
        assert.equal(await seen(['owner']), read | modify | other)
        assert.equal(await seen(['group']), read)
        assert.equal(await seen(['other']), modify)
        assert.equal(await seen(['group', 'other']), read | modify)
      })
    }))

  it('end where a column ends: beyond a directory its holder has what the masks leave of it', () =>
    playDirectory(async ({ on }) => {
      await on('m2', async (root) => {
        await root.create('shared', { masks: [allRights, 0, read | other] })
        await root.enter('shared/open', root.capability, { masks: [allRights, 0, read] })
        await root.enter('shared/closed', root.capability, { masks: [allRights, allRights, 0] })
        const others = root.restrict({ rights: ['other', 'group', 'modify'] })
        assert.equal((await others.lookup('shared/open')).capability.rights, read)
        await assert.rejects(others.lookup('shared/closed'), (error) => isCardumenError(error, 'name-unknown'))
        await assert.rejects(others.remove('shared/open'), (error) => isCardumenError(error, 'right-missing'))
      })
    }))
})

describe('masks', () => {
  const mask = fc.integer({ min: 0, max: allRights }).map((bits) => bits >>> 0)
  const fourMasks = fc.array(mask, { minLength: 0, maxLength: 4 })

  it('never give more to whoever changes them without the column of the owner', () => {
    fc.assert(
      fc.property(fourMasks, fourMasks, mask, (before, wanted, anyHeld) => {
        const held = (anyHeld & ~rights.owner) >>> 0
        try {
          const after = masksAfter(before, wanted, held)
          assert.ok(hasRights(grantedBy(before, held), grantedBy(after, held)))
        } catch (error) {
          assert.ok(isCardumenError(error, 'access-refused'), String(error))
        }
      }),
    )
  })

  it('give more to whoever holds more columns, and never less', () => {
    fc.assert(
      fc.property(fourMasks, mask, mask, (row, fewer, more) => {
        assert.ok(hasRights(grantedBy(row, (fewer | more) >>> 0), grantedBy(row, fewer)))
      }),
    )
  })

  it('that leave nothing hide a row from all but owners', () => {
    assert.ok(!mayKnowOf([allRights, 0, 0, 0], rightsOf(['group', 'other', 'modify'])))
    assert.ok(mayKnowOf([0, 0, 0, 0], rights.owner))
  })
})
