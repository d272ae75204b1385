/** Which texts are names of rows: what is refused and why, and that what is accepted is accepted once and for all. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { toUtf8 } from '../../lib/text.ts'
import { nameBytesMax, nameOf } from './names.ts'

const accepted = [
  'a',
  'mail-server_2.old',
  '.hidden',
  'with space',
  'Ünïcode',
  'ελλάδα',
  'отчёт.pdf',
  '日本語ファイル',
  'résumé (2)',
  '한국어',
  'x'.repeat(255),
  '😀',
]

const refused: readonly (readonly [string, RegExp])[] = [
  ['', /empty/],
  ['.', /place in a path/],
  ['..', /place in a path/],
  ['a/b', /"\/"/],
  ['a\u2215b', /looks like "\/"/],
  ['a\u2044b', /looks like "\/"/],
  ['a\u2010b', /looks like "-"/],
  ['nul\0', /control/],
  ['line\nbreak', /control/],
  ['\u001b[31m', /control/],
  ['del\u007f', /control/],
  ['\u202egpj.exe', /cannot be seen/],
  ['zero\u200bwidth', /cannot be seen/],
  ['soft\u00adhyphen', /cannot be seen/],
  ['bom\ufeff', /cannot be seen/],
  ['line\u2028', /cannot be seen/],
  ['lone \ud800', /no character/],
  ['private \ue000', /no character/],
  ['nonbreaking\u00a0space', /space/],
  [' leading', /space/],
  ['trailing ', /space/],
  ['\u0301accent', /mark/],
  ['z\u0351\u0352\u0353\u0354\u0355', /marks/],
  ['ｆｕｌｌ', /other forms/],
  ['ﬁle', /other forms/],
  ['pаypal', /mixes scripts/],
  ['scоpe.txt', /mixes scripts/],
  ['αdmin', /mixes scripts/],
  ['рора', /look like Latin/],
  ['ΝΟΤΕ', /look like Latin/],
  ['x'.repeat(256), /255 bytes/],
  ['é'.repeat(128), /255 bytes/],
  ['x'.repeat(65_536), /255 bytes/],
]

describe('the name of a row', () => {
  for (const name of accepted)
    it(`may be ${JSON.stringify(name.slice(0, 20))}`, () => assert.equal(nameOf(name), name.normalize('NFC')))

  for (const [name, reason] of refused)
    it(`may not be ${JSON.stringify(name.slice(0, 20))}, and the refusal says why`, () =>
      assert.throws(
        () => nameOf(name),
        (error) => isCardumenError(error, 'name-invalid') && reason.test(error.message),
      ))

  it('is the same in whichever form its letters are written', () =>
    assert.equal(nameOf('re\u0301sume\u0301'), nameOf('résumé')))

  it('is never repeated in a refusal', () =>
    assert.throws(
      () => nameOf('secret\u202e'),
      (error) => isCardumenError(error) && !error.message.includes('secret'),
    ))

  it('is well-formed, short, without slash or control, and means itself, whatever text it came from', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' })), (text) => {
        const name = nameOrUndefined(text)
        if (name === undefined) return
        assert.equal(nameOf(name), name)
        assert.ok(name.isWellFormed() && toUtf8(name).length <= nameBytesMax && name !== '')
        assert.doesNotMatch(name, /[/\p{Cc}\p{Cf}]/u)
        assert.ok(name !== '.' && name !== '..')
        assert.equal(name.normalize('NFKC'), name)
      }),
      { numRuns: 2_000 },
    )
  })

  it('is refused where a single Latin letter of a word was replaced by a look-alike', () => {
    const lookAlikes = { a: 'а', c: 'с', e: 'е', o: 'ο', p: 'р', x: 'х', y: 'у', i: 'і' } as const
    fc.assert(
      fc.property(
        fc.stringMatching(/^[b-z]{1,8}$/),
        fc.constantFrom(...(Object.keys(lookAlikes) as (keyof typeof lookAlikes)[])),
        fc.nat(8),
        (word, letter, at) => {
          const forged = `${word.slice(0, at)}${lookAlikes[letter]}${word.slice(at)}`
          assert.equal(nameOrUndefined(forged), undefined, forged)
        },
      ),
    )
  })
})

function nameOrUndefined(text: string): string | undefined {
  try {
    return nameOf(text)
  } catch (error) {
    assert.ok(isCardumenError(error, 'name-invalid'), String(error))
    return undefined
  }
}
