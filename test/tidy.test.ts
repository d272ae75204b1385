/**
 * A test that tidies: what compiler, linter and formatter do not know about our files.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { boundaryViolations } from '../scripts/boundaries.ts'
import { sourceFiles } from '../scripts/source-files.ts'
import { complaintsOf, lengthComplaints, ruleNames } from '../scripts/tidiness.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const files = sourceFiles(root, ['src', 'test', 'examples', 'bench', 'scripts'], ['.ts', '.mjs'])
const longFiles = JSON.parse(readFileSync(join(root, 'test', 'long-files.json'), 'utf8')) as Record<string, number>

describe('the source tree', () => {
  for (const name of ruleNames) {
    it(`keeps the rule: ${name}`, () => assert.deepEqual(complaintsOf(name, files), []))
  }

  it('has no file over its limit of lines, and its long files only shrink', () => {
    assert.deepEqual(lengthComplaints(files, longFiles), [])
  })

  it('has lockfiles that name no registry, so that everybody installs from their own', () => {
    const lockfiles = sourceFiles(root, ['.'], ['package-lock.json'])
    assert.ok(lockfiles.length >= 2)
    assert.deepEqual(
      lockfiles.filter(({ text }) => text.includes('"resolved"')).map(({ path }) => path),
      [],
    )
  })

  it('has every import inside the walls between its rooms', () => {
    assert.deepEqual(boundaryViolations(root), [])
  })
})

describe('the rules themselves', () => {
  const broken: readonly (readonly [rule: string, path: string, text: string])[] = [
    ['no drawer named for nothing', 'src/lib/utils/text.ts', ''],
    ['no drawer named for nothing', 'src/lib/string-helpers.ts', ''],
    ['kebab-case names', 'src/lib/twoWords.ts', ''],
    ['a comment at the head', 'src/lib/bare.ts', 'export const one = 1\n'],
    ['no unfinished work', 'src/lib/half.ts', `// ${'TO'}${'DO'}: the other half\n`],
    ['no clock and no chance in closed rooms', 'src/kernel/late.ts', 'const now = Date.now()\n'],
    ['a silenced tool has a reason', 'src/lib/quiet.ts', `// oxlint-${'disable'}-next-line no-var\n`],
    ['an expected type error only where types are tested', 'src/lib/wrong.ts', `// @ts-${'expect'}-error\n`],
    ['no internal barrel', 'src/lib/all.ts', "export * from './one.ts'\nexport { two } from './two.ts'\n"],
  ]
  for (const [rule, path, text] of broken) {
    it(`"${rule}" catches ${path}`, () => assert.equal(complaintsOf(rule, [{ path, text }]).length, 1))
  }

  it('every rule is shown to catch something', () => {
    assert.deepEqual(new Set(broken.map(([rule]) => rule)), new Set(ruleNames))
  })

  it('a long file is refused when it is new, when it grew and when it is too long for any list', () => {
    const file = (lines: number) => ({ path: 'src/lib/long.ts', text: '\n'.repeat(lines) })
    assert.equal(lengthComplaints([file(401)], {}).length, 1)
    assert.equal(lengthComplaints([file(450)], { 'src/lib/long.ts': 449 }).length, 1)
    assert.equal(lengthComplaints([file(601)], { 'src/lib/long.ts': 601 }).length, 1)
    assert.deepEqual(lengthComplaints([file(400)], {}), [])
    assert.deepEqual(lengthComplaints([file(450)], { 'src/lib/long.ts': 450 }), [])
  })
})
