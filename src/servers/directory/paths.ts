/**
 * Paths: names of rows with `/` between them, each but the last leading to a directory.
 *
 * A path is looked up from the directory that it is given to, so one `/` in front changes nothing. There is no way back
 * up: whoever holds a directory does not thereby hold the one that it was found in, and it may stand in several.
 */
import { CardumenError } from '../../lib/cardumen-error.ts'
import { pathComponentsMax } from './interface.ts'
import { nameBytesMax, nameOf } from './names.ts'

const pathCharactersMax = pathComponentsMax * (nameBytesMax + 1)

/**
 * The names in it; none for `/` and the empty text, which mean the directory itself.
 * @throws CardumenError `name-invalid`; `too-large` over 64 names.
 */
export function namesIn(path: string): readonly string[] {
  if (path.length > pathCharactersMax) throw tooLong()
  const inner = path.startsWith('/') ? path.slice(1) : path
  if (inner === '') return []
  const names = (inner.endsWith('/') ? inner.slice(0, -1) : inner).split('/')
  if (names.length > pathComponentsMax) throw tooLong()
  return names.map(nameOf)
}

/** The names in a path to a row. @throws CardumenError as `namesIn`, and `name-invalid` where there is none. */
export function namesToRow(path: string): readonly string[] {
  const names = namesIn(path)
  if (names.length > 0) return names
  throw new CardumenError('name-invalid', 'This path names a directory itself, and not a row of one.')
}

function tooLong(): CardumenError {
  return new CardumenError('too-large', `A path has at most ${pathComponentsMax} names of ${nameBytesMax} bytes.`)
}
