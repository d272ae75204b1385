/** `cardumen mkdir`: a new directory under a name; with `--parents` those on the way to it too. */
import { Command } from 'commander'
import type { Directory } from '../../servers/directory/client.ts'
import type { CommandFace, Operand } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import { type StandardOptions, examples } from '../standard-options.ts'
import { masksHelp } from './chmod.ts'

interface Options extends StandardOptions {
  readonly masks?: string
  readonly parents?: boolean
}

export function mkdirCommand(): CommandFace<Options> {
  const command = new Command('mkdir')
    .summary('make a directory')
    .description('Makes a directory and enters it under this name.')
    .argument('<path>', 'name of the new directory')
    .option('-p, --parents', 'those on the way to it too, and no error where it is there')
    .option('--masks <masks>', 'what each column gives of it (default: that of the directory server)')
    .addHelpText(
      'after',
      masksHelp +
        '\n' +
        examples(
          ['cardumen mkdir /services', 'in the root'],
          ['cardumen mkdir -p /services/mail/queues', 'with those above it'],
          ['cardumen mkdir /private --masks owner=all,group=,other=', 'for holders of "owner" only'],
        ),
    )
  return { command, act }
}

async function act(options: Options, given: Operand): Promise<number> {
  const { joinExisting } = await import('../joined.ts')
  const { checkedPath, pathsTo } = await import('../path-text.ts')
  const { parseMasks, withMasks } = await import('../rights-text.ts')
  const path = checkedPath(String(given))
  const masks = options.masks === undefined ? {} : { masks: withMasks([], parseMasks(options.masks)) }
  await using system = await joinExisting(options, 'mkdir')
  if (options.parents !== true) await system.directory.create(path, masks)
  else for (const each of pathsTo(path)) await createMissing(system.directory, each, masks)
  return exitCode.ok
}

async function createMissing(
  directory: Directory,
  path: string,
  options: { readonly masks?: readonly number[] },
): Promise<void> {
  const { isCardumenError } = await import('../../lib/cardumen-error.ts')
  try {
    await directory.create(path, options)
  } catch (error) {
    if (!isCardumenError(error, 'name-exists')) throw error
  }
}
