/**
 * Where the state of a system lies when the program does not say: one folder for each project.
 *
 * The option comes first, then `CARDUMEN_HOME`, then `.cardumen/` beside the nearest package.json above the working
 * folder (the working folder itself where there is none). Each system has a folder of its own in it.
 */
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { CardumenError } from './lib/cardumen-error.ts'

export const defaultSystem = 'main'

export function stateFolderOf(options: { readonly home?: string; readonly system?: string }): string {
  const system = options.system ?? defaultSystem
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(system)) {
    throw new CardumenError('name-invalid', `"${system}" is no name for a system: 1 to 64 of a-z 0-9 . _ -`)
  }
  return join(homeOf(options.home), system)
}

function homeOf(home: string | undefined): string {
  const given = home ?? process.env['CARDUMEN_HOME']
  if (given !== undefined && given !== '') return resolve(given)
  return join(projectFolder(process.cwd()), '.cardumen')
}

function projectFolder(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder
    if (folder === dirname(folder)) return from
  }
}
