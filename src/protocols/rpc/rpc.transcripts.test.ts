/**
 * The stories of `fixtures/stories.ts` go as `transcripts/*.txt` tell them. `UPDATE=1 node --test` on this file
 * writes them anew; read what changed.
 */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { assertGolden } from '../../../test/golden.ts'
import { type Story, stories } from './fixtures/stories.ts'

const folder = fileURLToPath(new URL('./transcripts/', import.meta.url))

describe('a call goes as its transcript tells', () => {
  for (const [name, story] of Object.entries(stories)) {
    it(name, () => assertGolden(`${folder}${name}.txt`, textOf(story)))
  }

  it('every transcript has its story', () => {
    const files = readdirSync(folder).map((file) => file.replace(/\.txt$/, ''))
    assert.deepEqual(files.toSorted(), Object.keys(stories).toSorted())
  })
})

function textOf(story: Story): string {
  return [story.title, '', ...story.about, '', story.play().text].join('\n')
}
