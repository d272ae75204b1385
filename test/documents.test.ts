/** What our documents say about the sources is what the sources say: error codes, bounds, and files that are named. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { sourceFiles } from '../scripts/source-files.ts'
import { root } from '../scripts/tools.ts'
import { errorCodes } from '../src/lib/error-codes.ts'

const documents = sourceFiles(root, ['.'], ['.md'])

/** Rows of all tables of a document, each as its cells. */
function rowsOf(path: string): readonly (readonly string[])[] {
  return readFileSync(join(root, path), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|[-|]+\|$/.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
}

describe('docs/errors.md', () => {
  const rows = rowsOf('docs/errors.md').filter(([code]) => code !== 'code')

  it('explains every code that there is, in the words of the sources', () => {
    assert.deepEqual(
      Object.fromEntries(rows.map(([code, meaning]) => [code?.replaceAll('`', ''), meaning])),
      errorCodes,
    )
  })

  it('says of every code what to do, and mentions each once', () => {
    for (const [code, , next] of rows) assert.ok((next ?? '').length > 10, `${code}: ${next}`)
    assert.equal(new Set(rows.map(([code]) => code)).size, rows.length)
  })
})

describe('docs/limits.md', () => {
  const rows = rowsOf('docs/limits.md').filter(([what]) => what !== 'what')

  it('has each bound as it stands in the file that it names', () => {
    const wrong = rows.filter(([, , bound = '', file = '']) => !hasBound(file, bound))
    assert.deepEqual(wrong, [])
    assert.ok(rows.length > 30)
  })
})

describe('documents', () => {
  it('link to files that are there', () => {
    const dead = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)]
        .map(([, target = '']) => target)
        .filter((target) => !existsSync(join(root, dirname(path), target)))
        .map((target) => `${path}: ${target}`),
    )
    assert.deepEqual(dead, [])
  })

  it('name source files that are there', () => {
    const gone = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/`((?:src|test|scripts|examples|bench|docs)\/[\w./-]*)`/g)]
        .map(([, named = '']) => named)
        .filter((named) => !existsSync(join(root, named)))
        .map((named) => `${path}: ${named}`),
    )
    assert.deepEqual(gone, [])
  })
})

/** A bound is written as `name = value`; the file has it so, or as a field. */
function hasBound(file: string, bound: string): boolean {
  const [name = '', value = ''] = bound.replaceAll('`', '').split(' = ')
  const path = join(root, file.replaceAll('`', ''))
  if (name === '' || value === '' || !existsSync(path)) return false
  return readFileSync(path, 'utf8').match(new RegExp(`\\b${name}(?: =|:) ${escaped(value)}(?=[,;\\n])`)) !== null
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
