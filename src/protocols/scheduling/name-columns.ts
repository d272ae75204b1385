/**
 * Names in the columns of a chart: what a terminal would obey is left out, and each letter counts as wide as it is shown.
 *
 * Chinese, Japanese and Korean letters and most emoji take two columns, and marks that stand on a letter none. That is so on
 * most terminals; there is no way to ask one. Joiners are left out too, so what would be drawn as one emoji is several.
 */

/** Control characters, and those that join or turn round what stands beside them. */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu
const mark = /^\p{M}$/u
const wide =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303E\uFF01-\uFF60\uFFE0-\uFFE6]$/u

/** A name is `…` at the end where it is longer. */
export function shownName(name: string, columnsMax: number): string {
  const plain = name.replaceAll(unseen, '')
  if (columnsOf(plain) <= columnsMax) return plain
  let shown = ''
  let columns = 0
  for (const letter of plain) {
    columns += columnsOfLetter(letter)
    if (columns > columnsMax - 1) break
    shown += letter
  }
  return `${shown}…`
}

export function padName(name: string, columns: number): string {
  return name + ' '.repeat(Math.max(0, columns - columnsOf(name)))
}

export function columnsOf(text: string): number {
  let columns = 0
  for (const letter of text) columns += columnsOfLetter(letter)
  return columns
}

function columnsOfLetter(letter: string): number {
  if (mark.test(letter)) return 0
  return wide.test(letter) ? 2 : 1
}
