/** The pages for students say the same in both languages, and show every teaching program that there is. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { root } from '../../scripts/tools.ts'
import { documentedIn } from './documented.ts'

const english = 'docs/learn/threads.md'
const spanish = 'docs/learn/threads.es.md'

/** Of each line that is a heading, a block's fence, or an exercise, what both languages have in common. */
function skeletonOf(document: string): readonly string[] {
  const lines = readFileSync(join(root, document), 'utf8').split('\n')
  return lines.flatMap((line) => {
    const [start] = /^(?:#+ |```\w*|(?:Break it|Rómpelo): )/.exec(line) ?? []
    return start === undefined ? [] : [start.replace('Rómpelo', 'Break it')]
  })
}

/** The programs that are to be shown: `main.ts` of each folder, and in `learn-threads` all that have a Python twin. */
function teachingPrograms(): readonly string[] {
  const folders = readdirSync(join(root, 'examples')).filter((name) => name.startsWith('learn-'))
  return folders.flatMap((folder) => {
    const files = readdirSync(join(root, 'examples', folder))
    const hasTwin = (name: string): boolean =>
      existsSync(join(root, 'examples', folder, 'python', `${name.replaceAll('-', '_').replace('.ts', '')}.py`))
    const programs = files.filter((name) => name === 'main.ts' || (hasTwin(name) && name !== 'count-to-three.ts'))
    return programs.map((name) => `examples/${folder}/${name}`)
  })
}

describe('docs/learn', () => {
  it('has the same headings, programs and exercises in English and in Spanish', () => {
    assert.deepEqual(skeletonOf(spanish), skeletonOf(english))
    assert.ok(skeletonOf(english).length > 60)
  })

  it('shows the same output in both languages', () => {
    assert.deepEqual(documentedIn(spanish), documentedIn(english))
  })

  it('has every teaching program, each once', () => {
    const shown = documentedIn(english).map(({ program }) => program)
    assert.deepEqual(shown.toSorted(), teachingPrograms().toSorted())
    assert.equal(shown.length, 15)
  })

  it('has an exercise for each program', () => {
    const exercises = skeletonOf(english).filter((each) => each.startsWith('Break it'))
    assert.equal(exercises.length, documentedIn(english).length)
  })
})
