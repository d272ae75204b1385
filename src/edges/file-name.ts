/**
 * What every disk takes for the name of a file: a name and never a path, and such that no two of them are one file.
 *
 * Its bound is that of the usual file systems, which count bytes.
 */
import { CardumenError } from '../lib/cardumen-error.ts'
import { toUtf8 } from '../lib/text.ts'

const nameBytesMax = 255

/** @throws CardumenError `name-invalid`. */
export function checkFileName(name: string): string {
  const isPlain = name !== '' && name !== '.' && name !== '..' && !/[/\\\0]|\p{Surrogate}/u.test(name)
  if (isPlain && name.length <= nameBytesMax && toUtf8(name).length <= nameBytesMax) return name
  throw new CardumenError('name-invalid', `${JSON.stringify(name.slice(0, 80))} is no name of a file.`)
}
