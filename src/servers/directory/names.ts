/**
 * Which texts can be names of rows, so that two names that look alike are one name, or one of them is none.
 *
 * A name is brought into Unicode's form C. What cannot be seen, what turns the direction of writing round, what looks
 * like a path or is only another form of plain characters is refused; so is a word that mixes scripts, or is written
 * wholly in Greek or Cyrillic letters that look like Latin ones (after Unicode's reports 36 and 39 on security, by rule
 * and not by its table of look-alikes). Capitals are other names than small letters.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { toUtf8 } from '../../lib/text.ts'

export const nameBytesMax = 255

/**
 * The name that a text means.
 * @throws CardumenError `name-invalid`, with the reason. It does not repeat the text, which may be made to be misread.
 */
export function nameOf(given: string): string {
  const name = given.length <= nameBytesMax ? given.normalize('NFC') : given
  if (isPlain(name)) return name
  const reason = reasonAgainst(name)
  if (reason === undefined) return name
  throw new CardumenError('name-invalid', `This cannot be the name of a row: ${reason}.`)
}

/** Whether the text is a name as it is, and not only another form of one. */
export function isName(text: string): boolean {
  try {
    return nameOf(text) === text
  } catch {
    return false
  }
}

/** By far the commonest, and nothing can be wrong with them. */
function isPlain(name: string): boolean {
  return /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}$/.test(name)
}

function reasonAgainst(name: string): string | undefined {
  if (name === '') return 'it is empty'
  if (name.length > nameBytesMax || toUtf8(name).length > nameBytesMax) return `it has over ${nameBytesMax} bytes`
  if (name === '.' || name === '..') return 'it means a place in a path'
  for (const [pattern, reason] of refusals) if (pattern.test(name)) return reason
  if (name.normalize('NFKC') !== name) return 'it has characters that are only other forms of plain ones'
  return name
    .split(/[^\p{L}\p{M}]+/u)
    .map(reasonAgainstWord)
    .find(Boolean)
}

const refusals: readonly (readonly [RegExp, string])[] = [
  [/\//u, 'it holds "/"'],
  [/[\u2044\u2215\u2571\u27cb\u29f8\u29f6\u1735\u2cc6\u3033\u4e3f]/u, 'it holds what looks like "/"'],
  [/[\u02d7\u2010\u2012\u2013\u2043\u2212]/u, 'it holds what looks like "-"'],
  [/\p{Cc}/u, 'it holds a control character'],
  [/[\p{Surrogate}\p{Co}\p{Cn}]/u, 'it holds what is no character that everybody knows'],
  [/[\p{Cf}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\u2800]/u, 'it holds what cannot be seen'],
  [/^\p{Z}|\p{Z}$/u, 'it begins or ends with a space'],
  [/[^\P{Zs} ]/u, 'it holds another space than the usual one'],
  [/^\p{M}/u, 'it begins with a mark that belongs onto a letter'],
  [/\p{M}{5}/u, 'it stacks marks on a letter'],
]

/** Letters that are written together, after what Unicode calls highly restrictive. */
const writingSystems: readonly RegExp[] = [
  /^[\p{Script=Latin}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{scx=Common}\p{scx=Inherited}]*$/u,
  /^[\p{Script=Latin}\p{Script=Han}\p{Script=Bopomofo}\p{scx=Common}\p{scx=Inherited}]*$/u,
  /^[\p{Script=Latin}\p{Script=Han}\p{Script=Hangul}\p{scx=Common}\p{scx=Inherited}]*$/u,
]

const scripts: readonly RegExp[] = [
  'Arabic Armenian Bengali Cherokee Cyrillic Devanagari Ethiopic Georgian Greek Gujarati Gurmukhi Hebrew Kannada Khmer',
  'Lao Malayalam Mongolian Myanmar Oriya Sinhala Syriac Tamil Telugu Thaana Thai Tibetan',
]
  .flatMap((line) => line.split(' '))
  .map((script) => new RegExp(`^[\\p{scx=${script}}\\p{scx=Common}\\p{scx=Inherited}]*$`, 'u'))

/** Each looks like a Latin letter in most typefaces. */
const latinLookAlikes = /^[аеорсухіјѕһԁԛԝɡѵьАВЕКМНОРСТУХІЈЅԌԚԜΑΒΕΖΗΙΚΜΝΟΡΤΥΧονυικρϲϳαγ]+$/u

function reasonAgainstWord(word: string): string | undefined {
  if (/^[A-Za-z]*$/.test(word)) return undefined
  if (latinLookAlikes.test(word.normalize('NFD').replace(/\p{M}/gu, '')))
    return 'one of its words is in letters that look like Latin ones'
  const isOneScript = [...writingSystems, ...scripts].some((system) => system.test(word))
  return isOneScript ? undefined : 'one of its words mixes scripts, or is in one that is not known here'
}
