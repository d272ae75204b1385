/**
 * Where the state of a system lies when the program does not say: one folder for each project.
 *
 * The option comes first, then `CARDUMEN_HOME`, then `.cardumen/` beside the nearest package.json above the working
 * folder (the working folder itself where there is none). Each system has a folder of its own in it.
 */
import { existsSync, statSync } from 'node:fs'
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

/**
 * Whether a system was ever begun in this folder.
 * @throws CardumenError `state-unwritable` where that cannot be told, as in the folder of another user.
 */
export function hasState(stateFolder: string): boolean {
  try {
    return statSync(join(stateFolder, 'state.db'), { throwIfNoEntry: false }) !== undefined
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CardumenError('state-unwritable', `The state folder ${stateFolder} cannot be entered: ${why}`, { cause })
  }
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
