/** The list of planted bugs fits the sources as they are, and what plants and counts them does so exactly. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { withMutant } from '../scripts/mutants/mutant.ts'
import { mutants } from '../scripts/mutants/mutants.ts'
import { seedCountOf } from '../scripts/mutants/seed-count.ts'
import { root } from '../scripts/tools.ts'

const planted = { name: 'a-bug', file: 'a.ts', find: 'a < b', replace: 'a <= b' }
const ended = { errors: '', isHung: false, code: 0 }

describe('the list of planted bugs', () => {
  it('has at least thirty, each with a name of its own', () => {
    assert.ok(mutants.length >= 30)
    assert.equal(new Set(mutants.map(({ name }) => name)).size, mutants.length)
  })

  for (const mutant of mutants) {
    it(`${mutant.name} fits its file`, () => {
      assert.notEqual(withMutant(readFileSync(join(root, mutant.file), 'utf8'), mutant), '')
      assert.ok(mutant.scenarios.length > 0)
    })
  }
})

describe('planting a bug', () => {
  it('changes the one place that it names, and nothing else', () => {
    assert.equal(withMutant('if (a < b) return', planted), 'if (a <= b) return')
  })

  it('takes the replacement as it stands, without patterns', () => {
    assert.equal(withMutant('x', { ...planted, find: 'x', replace: '$& $1' }), '$& $1')
  })

  it('is refused where the text is not there, or is there twice, or would not change', () => {
    assert.throws(() => withMutant('if (a > b) return', planted), /does not have the text/)
    assert.throws(() => withMutant('a < b && a < b', planted), /2 times/)
    assert.throws(() => withMutant('a < b', { ...planted, replace: 'a < b' }), /changes nothing/)
    assert.throws(() => withMutant('a < b', { ...planted, find: '' }), /does not have the text/)
  })
})

describe('counting seeds', () => {
  it('gives the sum that a run prints at its end', () => {
    const sum = { seeds: 3, failed: 1, first: { seed: 2, claim: 'exclusion', text: 'two are inside' } }
    const output = ['{"loaded":true}', '{"seed":1}', 'noise', JSON.stringify(sum), ''].join('\n')
    assert.deepEqual(seedCountOf({ ...ended, output }), sum)
  })

  it('takes a run that never ends for found, at the seed that it had begun', () => {
    const output = '{"loaded":true}\n{"seed":1}\n{"seed":2}\n'
    const counted = seedCountOf({ ...ended, output, isHung: true, code: null })
    assert.deepEqual([counted?.first?.seed, counted?.first?.claim], [2, 'hangs'])
  })

  it('takes a run that ends its process for found, with what it said', () => {
    const output = '{"loaded":true}\n{"seed":1}\n'
    const counted = seedCountOf({ ...ended, output, errors: 'out of memory', code: 134 })
    assert.deepEqual([counted?.first?.seed, counted?.first?.claim], [1, 'crashes'])
    assert.match(counted?.first?.text ?? '', /134: out of memory/)
  })

  it('finds nothing where the planted code could not even be read', () => {
    assert.equal(seedCountOf({ ...ended, output: '', errors: 'SyntaxError', code: 1 }), undefined)
  })
})
