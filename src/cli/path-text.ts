/**
 * Paths of the directory on the command line. They begin with "/" there, so that none is taken for the name of a
 * service. Which names there can be is the directory's to say.
 */
import { CardumenError } from '../lib/cardumen-error.ts'

export function isPath(text: string): boolean {
  return text.startsWith('/')
}

/** Without a slash at its end. @throws CardumenError `option-invalid` where it does not begin with one. */
export function checkedPath(text: string): string {
  if (!isPath(text)) {
    throw new CardumenError('option-invalid', 'A path of the directory begins with "/".', {
      hint: '"cardumen ls /" lists the root.',
    })
  }
  return text.replace(/\/+$/, '') || '/'
}

export function pathWithin(folder: string, name: string): string {
  return folder.endsWith('/') ? folder + name : `${folder}/${name}`
}

export function lastName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** Of a path to a row. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/'
}

/** Each path on the way to this one, from the root down, with itself. */
export function pathsTo(path: string): readonly string[] {
  const names = path.split('/').filter((name) => name !== '')
  return names.map((_, at) => `/${names.slice(0, at + 1).join('/')}`)
}
