/** The pure parts of the example, on real files in a temporary folder. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, describe, it } from 'node:test'
import { countWords, indexBatch, type PartialIndex, wordLengthMax } from './index-batch.ts'
import { PackedNumbers, PackedReader } from './packed-numbers.ts'
import { batchesOf, changedFiles, fileBytesMax, listFiles } from './text-files.ts'
import { WordIndex } from './word-index.ts'

const root = mkdtempSync(join(tmpdir(), 'cardumen-index-'))
after(() => rmSync(root, { recursive: true, force: true }))

function folderOf(name: string, files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = join(root, name)
  mkdirSync(folder, { recursive: true })
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  return folder
}

function indexed(folder: string): WordIndex {
  const index = new WordIndex()
  for (const batch of batchesOf(listFiles(folder))) index.add(indexBatch(batch))
  return index
}

describe('the listing', () => {
  it('has the files of all folders in the order of their paths, with their sizes', () => {
    const { files, bytes } = listFiles(folderOf('order', { 'b.txt': 'four', 'a/z.txt': 'one', 'a/y/x.txt': '' }))
    assert.deepEqual(
      files.map(({ path, sizeBytes }) => [path, sizeBytes]),
      [
        [join('a', 'y', 'x.txt'), 0],
        [join('a', 'z.txt'), 3],
        ['b.txt', 4],
      ],
    )
    assert.equal(bytes, 7)
  })

  it('passes over links, what is too large and what tools keep, and counts them', () => {
    const folder = folderOf('passed-over', {
      'text.txt': 'one',
      '.git/index': 'two',
      'below/.cache/code': 'three',
      'large.txt': '',
    })
    symlinkSync(join(folder, 'text.txt'), join(folder, 'link.txt'))
    symlinkSync(folder, join(folder, 'round'))
    truncateSync(join(folder, 'large.txt'), fileBytesMax + 1)
    const { files, skipped } = listFiles(folder)
    assert.deepEqual(
      files.map(({ path }) => path),
      ['text.txt'],
    )
    assert.deepEqual(skipped, { links: 2, special: 0, tooLarge: 1, unreadable: 0 })
  })

  it('notices a file that was changed or removed since', () => {
    const folder = folderOf('changing', { 'same.txt': 'same', 'longer.txt': 'long', 'gone.txt': 'gone' })
    const listing = listFiles(folder)
    assert.deepEqual(changedFiles(listing), [])
    writeFileSync(join(folder, 'longer.txt'), 'longer')
    rmSync(join(folder, 'gone.txt'))
    assert.deepEqual(changedFiles(listing), ['gone.txt', 'longer.txt'])
  })
})

describe('the batches', () => {
  it('hold each file once, in order, with numbers that follow on', () => {
    const names = Array.from({ length: 300 }, (_, index) => `${index}.txt`)
    const listing = listFiles(
      folderOf('many', Object.fromEntries(names.map((name, index) => [name, 'x'.repeat(index)]))),
    )
    const batches = batchesOf(listing)
    assert.deepEqual(
      batches.flatMap(({ paths }) => paths),
      listing.files.map(({ path }) => path),
    )
    let next = 0
    for (const { first, paths } of batches) {
      assert.equal(first, next)
      next += paths.length
    }
    assert.ok(batches.length >= 32, `${batches.length} batches`)
  })

  it('are none for an empty folder', () => assert.deepEqual(batchesOf(listFiles(folderOf('empty', {}))), []))
})

describe('the words', () => {
  const cases: readonly (readonly [text: string, words: Record<string, number>])[] = [
    ['The cat, the CAT!', { the: 2, cat: 2 }],
    ['camelCase snake_case kebab-case', { camelcase: 1, snake: 1, case: 2, kebab: 1 }],
    ['x1 1x 42 3.14', { x1: 1, x: 1 }],
    ['Ðe Übergröße naïve 東京 слово', { ðe: 1, übergröße: 1, naïve: 1, 東京: 1, слово: 1 }],
    [`${'a'.repeat(wordLengthMax)} ${'b'.repeat(wordLengthMax + 1)}`, { ['a'.repeat(wordLengthMax)]: 1 }],
    ['', {}],
  ]
  for (const [text, words] of cases) {
    it(`of ${JSON.stringify(text.slice(0, 40))}`, () => {
      assert.deepEqual(Object.fromEntries(countWords(Buffer.from(text))), words)
    })
  }
})

describe('the index', () => {
  it('says how often a word is in which file, most hits first', () => {
    const folder = folderOf('hits', { 'a.txt': 'fish', 'b.txt': 'fish shoal fish', 'c.txt': 'shoal' })
    const index = indexed(folder)
    assert.deepEqual(index.query('Fish'), [
      { file: 1, count: 2 },
      { file: 0, count: 1 },
    ])
    assert.deepEqual(index.query('whale'), [])
    assert.deepEqual(index.top(2), [
      { word: 'fish', count: 3, files: 2 },
      { word: 'shoal', count: 2, files: 2 },
    ])
    assert.equal(index.words, 5)
  })

  it('counts binary and unreadable files and goes on', () => {
    const folder = folderOf('odd', { 'a.bin': new Uint8Array([97, 0, 98]), 'b.txt': 'text', 'c.txt': 'gone' })
    const batches = batchesOf(listFiles(folder))
    rmSync(join(folder, 'c.txt'))
    const index = new WordIndex()
    for (const batch of batches) index.add(indexBatch(batch))
    assert.deepEqual([index.files, index.binary, index.unreadable, index.words], [1, 1, 1, 1])
  })

  it('of no file has no words', () => {
    const index = indexed(folderOf('nothing', {}))
    assert.deepEqual([index.files, index.words, index.termCount, index.top(3)], [0, 0, 0, []])
  })

  it('has the same digest however the files were shared out', () => {
    const folder = folderOf('shares', { 'a.txt': 'one two', 'b.txt': 'two three', 'c.txt': 'three one one' })
    const whole = new WordIndex()
    whole.add(indexBatch({ folder, first: 0, paths: ['a.txt', 'b.txt', 'c.txt'] }))
    assert.equal(whole.digest(), indexed(folder).digest())
  })

  it('has another digest when anything in it differs', () => {
    const partial: PartialIndex = {
      ...{ pid: 1, first: 0, files: 2, bytes: 9, words: 3, binary: 0, unreadable: 0, terms: 'one two' },
      postings: new Uint8Array([1, 0, 1, 1, 1, 2]),
      sizes: new Uint8Array([3, 3]),
    }
    const others: readonly Partial<PartialIndex>[] = [
      {},
      { terms: 'one too' },
      { postings: new Uint8Array([1, 0, 1, 1, 0, 2]) },
      { postings: new Uint8Array([1, 0, 1, 1, 1, 3]) },
      { first: 1 },
      { words: 4 },
    ]
    const digests = others.map((other) => {
      const index = new WordIndex()
      index.add({ ...partial, ...other })
      return index.digest()
    })
    assert.equal(new Set(digests).size, others.length)
  })
})

describe('packed numbers', () => {
  it('come out as they went in, the small ones with a byte each', () => {
    const numbers = [0, 1, 127, 128, 16_383, 16_384, 2 ** 31 - 1, 0]
    const packed = new PackedNumbers()
    for (const number of numbers) packed.push(number)
    assert.equal(packed.sizeBytes, 3 + 2 + 2 + 3 + 5 + 1)
    const reader = new PackedReader(packed.toBytes())
    assert.deepEqual(
      numbers.map(() => reader.next()),
      numbers,
    )
  })

  it('may be more than there was room for', () => {
    const packed = new PackedNumbers()
    for (let number = 0; number < 100_000; number++) packed.push(number)
    const reader = new PackedReader(packed.toBytes())
    for (let number = 0; number < 100_000; number++) assert.equal(reader.next(), number)
  })
})
