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

describe('docs/security.md', () => {
  const claims = claimsOf('docs/security.md')

  it('says in so many words what capabilities guard against on the embedded engine', () => {
    const text = readFileSync(join(root, 'docs/security.md'), 'utf8')
    assert.ok(
      text.includes(
        "On the embedded engine every process of the same user can open the engine's file: there capabilities guard against mistakes and against socket peers, not against that user",
      ),
    )
  })

  it('has with each line a test that is there, or why there is none', () => {
    const wrong = claims.filter(([, shown = '']) => !isShown(shown))
    assert.deepEqual(wrong, [])
    assert.ok(claims.length > 60)
  })

  it('is not believed where it names a test that is not there', () => {
    const file = '`test/documents.test.ts`'
    assert.ok(isShown(`${file}: *link to files that are there*`))
    for (const shown of [
      '',
      'none',
      `${file}: *link to files that are*`,
      `${file}: *a name that … nobody gave*`,
      '`test/nowhere.test.ts`: *link to files that are there*',
      `${file}: *link to files that are there*; ${file}: *and another*`,
    ])
      assert.equal(isShown(shown), false, shown)
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

/** Rows of the tables whose last column is about tests. */
function claimsOf(path: string): readonly (readonly string[])[] {
  const claims: (readonly string[])[] = []
  let isOfTests = false
  for (const cells of rowsOf(path)) {
    const isHeader = cells[1] === 'test' || cells[0] === 'who'
    if (isHeader) isOfTests = cells[1] === 'test'
    else if (isOfTests) claims.push(cells)
  }
  return claims
}

/** Tests are written as `file`: *name*, with … for what a test fills in; or there is none, and the reason is given. */
function isShown(cell: string): boolean {
  const tests = [...cell.matchAll(/`([^`]+)`: \*([^*]+)\*/g)]
  const written = tests.map(([whole]) => whole).join('; ')
  const rest = cell.replace(written, '')
  if (tests.length === 0 || rest !== '') {
    if (!/^none(?: [\w .`-]+)?[:;] .{10,}/.test(cell)) return false
  }
  return tests.every(([, file = '', name = '']) => hasTest(file, name))
}

function hasTest(file: string, name: string): boolean {
  const path = join(root, file)
  if (!file.endsWith('.test.ts') || !existsSync(path)) return false
  const pattern = name.split('…').map(escaped).join('\\$\\{.+\\}')
  return new RegExp(`(['"\`])${pattern}\\1`).test(readFileSync(path, 'utf8'))
}

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
