/**
 * Every sentence of `src/edges/disk.ts` as a test, for the disk of a host and for that of a simulated world.
 */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { Disk } from '../../src/edges/disk.ts'
import { openDisk } from '../../src/host/disk.ts'
import { isCardumenError } from '../../src/lib/cardumen-error.ts'
import { seededRandom } from '../../src/lib/random.ts'
import { VirtualDisk } from '../../src/sim/disk/virtual-disk.ts'

/** `folder`: of a host only, above the disk's own. */
type WithDisk = (use: (disk: Disk, again: () => Promise<Disk>, folder?: string) => Promise<void>) => Promise<void>

const withHostDisk: WithDisk = async (use) => {
  const folder = await mkdtemp(join(tmpdir(), 'cardumen-disk-'))
  try {
    await use(await openDisk(join(folder, 'own')), () => openDisk(join(folder, 'own')), folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const withVirtualDisk: WithDisk = async (use) => {
  const disk = new VirtualDisk(seededRandom(1))
  const edge = (): Disk => disk.edgeFor((_delayMs, run) => void setImmediate(run))
  await use(edge(), () => {
    disk.crash('machine')
    return Promise.resolve(edge())
  })
}

const bytes = Uint8Array.of(1, 2, 3, 4, 5)

it('the disk of a host follows no symbolic link out of its folder', () =>
  withHostDisk(async (disk, _again, folder = '') => {
    await writeFile(join(folder, 'elsewhere'), 'theirs')
    await symlink(join(folder, 'elsewhere'), join(folder, 'own', 'link'))
    await assert.rejects(disk.open('link'), (error) => isCardumenError(error, 'disk-failed'))
    await disk.remove('link')
    assert.equal(await readFile(join(folder, 'elsewhere'), 'utf8'), 'theirs')
  }))

it('the disk of a host says state-unwritable where its folder cannot be made', () =>
  withHostDisk(async (_disk, _again, folder = '') => {
    await writeFile(join(folder, 'file'), '')
    await assert.rejects(openDisk(join(folder, 'file', 'own')), (error) => isCardumenError(error, 'state-unwritable'))
  }))

for (const [name, withDisk] of [
  ['host', withHostDisk],
  ['virtual', withVirtualDisk],
] as const) {
  describe(`disk conformance: ${name}`, () => {
    it('a file is empty at first, and gives back what was written at each place', () =>
      withDisk(async (disk) => {
        const file = await disk.open('a')
        assert.equal(await file.size(), 0)
        await file.write(0, bytes)
        await file.write(3, Uint8Array.of(9))
        assert.deepEqual(await file.read(0, 5), Uint8Array.of(1, 2, 3, 9, 5))
        assert.deepEqual(await file.read(4, 100), Uint8Array.of(5))
        assert.deepEqual(await file.read(50, 10), new Uint8Array(0))
        await file.close()
      }))

    it('a write beyond the end leaves zeros between, and a cut takes what is behind it', () =>
      withDisk(async (disk) => {
        const file = await disk.open('a')
        await file.write(3, Uint8Array.of(7))
        assert.deepEqual(await file.read(0, 9), Uint8Array.of(0, 0, 0, 7))
        await file.truncate(1)
        assert.equal(await file.size(), 1)
        await file.truncate(2)
        assert.deepEqual(await file.read(0, 9), Uint8Array.of(0, 0))
        await file.close()
      }))

    it('what was synced is there for whoever opens the disk again', () =>
      withDisk(async (disk, again) => {
        const file = await disk.open('a')
        await file.write(0, bytes)
        await file.sync()
        await file.close()
        const later = await (await again()).open('a')
        assert.deepEqual(await later.read(0, 9), bytes)
        await later.close()
      }))

    it('a rename replaces its target, a removal leaves nothing, and the list has what is there in order', () =>
      withDisk(async (disk) => {
        for (const each of ['b', 'a', 'c']) {
          const file = await disk.open(each)
          await file.write(0, Uint8Array.of(each.charCodeAt(0)))
          await file.close()
        }
        await disk.rename('b', 'c')
        await disk.remove('never there')
        assert.deepEqual(await disk.list(), ['a', 'c'])
        const file = await disk.open('c')
        assert.deepEqual(await file.read(0, 9), Uint8Array.of('b'.charCodeAt(0)))
        await file.close()
        await disk.remove('c')
        assert.deepEqual(await disk.list(), ['a'])
        await assert.rejects(disk.rename('c', 'd'), (error) => isCardumenError(error, 'disk-failed'))
      }))

    it('a name that is a path, and a second opening, are refused', () =>
      withDisk(async (disk) => {
        for (const wrong of ['', '.', '..', 'a/b', '../a', 'a\\b', 'a\0', 'x'.repeat(256), 'ñ'.repeat(128), 'a\ud800'])
          for (const use of [disk.open(wrong), disk.remove(wrong), disk.rename(wrong, 'b'), disk.rename('b', wrong)])
            await assert.rejects(use, (error) => isCardumenError(error, 'name-invalid'), wrong)
        await (await disk.open('ñ'.repeat(127))).close()
        const file = await disk.open('a')
        await assert.rejects(disk.open('a'), (error) => isCardumenError(error, 'option-invalid'))
        await file.close()
        await (await disk.open('a')).close()
      }))

    it('a file that was closed does nothing any more, and may be closed twice', () =>
      withDisk(async (disk) => {
        const file = await disk.open('a')
        await file.close()
        const isFailed = (error: unknown): boolean => isCardumenError(error, 'disk-failed')
        for (const use of [() => file.size(), () => file.write(0, bytes), () => file.sync(), () => file.read(0, 1)])
          await assert.rejects(use(), isFailed)
        const again = await disk.open('a')
        await file.close()
        await assert.rejects(disk.open('a'), (error) => isCardumenError(error, 'option-invalid'))
        await again.close()
      }))

    it('a written chunk may be changed by its owner at once', () =>
      withDisk(async (disk) => {
        const file = await disk.open('a')
        const chunk = bytes.slice()
        const written = file.write(0, chunk)
        chunk.fill(0)
        await written
        assert.deepEqual(await file.read(0, 5), bytes)
        await file.close()
      }))
  })
}
