/** What is remembered of look-ups: how old an answer may be, how many are kept, and that our own changes show. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Found } from './changes.ts'
import { FoundCache, foundKeptMax } from './found-cache.ts'
import { playDirectory, refusedAs } from './fixtures/directory-world.ts'

const found = { name: 'a' } as Found

describe('what was looked up', () => {
  it('answers whoever takes an answer of that age, and nobody else', async () => {
    const cache = new FoundCache()
    cache.keep('a', found, 100, cache.epoch)
    assert.equal(await cache.find('a', 100), found)
    assert.equal(cache.find('a', 101), undefined)
    assert.equal(cache.find('b', 0), undefined)
  })

  it('is kept of a bounded number of names, the latest ones', () => {
    const cache = new FoundCache()
    for (let at = 0; at <= foundKeptMax; at++) cache.keep(`name${at}`, found, at, cache.epoch)
    assert.equal(cache.find('name0', 0), undefined)
    assert.ok(cache.find('name1', 0) !== undefined)
  })

  it('before a change of ours is not kept when it comes after it', () => {
    const cache = new FoundCache()
    const { epoch } = cache
    cache.clear()
    cache.keep('a', found, 100, epoch)
    assert.equal(cache.find('a', 0), undefined)
  })

  it('stands in for the server until it is too old, or this directory changed something', () =>
    playDirectory(async ({ on, world }) => {
      await on('m3', async (root) => {
        await root.enter('row', root.capability)
        const first = await root.lookup('row', { maxAgeMs: 1_000 })
        assert.equal(await root.lookup('row', { maxAgeMs: 1_000 }), first)
        await on('m2', (other) => other.remove('row'))
        assert.equal(await root.lookup('row', { maxAgeMs: 1_000 }), first, 'somebody else changed it')
        await world.sleep(1_001)
        await refusedAs('name-unknown', () => root.lookup('row', { maxAgeMs: 1_000 }))
        await root.enter('row', root.capability)
        const second = await root.lookup('row', { maxAgeMs: 1_000 })
        await root.chmod('row', [0xffff_ffff])
        assert.ok((await root.lookup('row', { maxAgeMs: 1_000 })).version > second.version)
      })
    }))
})
