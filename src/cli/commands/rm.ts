/**
 * `cardumen rm`: takes a name out of its directory; the object itself only goes where that is asked for.
 */
import { Command } from 'commander'
import type { CommandFace, Operand } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import { type StandardOptions, examples } from '../standard-options.ts'

interface Options extends StandardOptions {
  readonly destroy?: boolean
}

export function rmCommand(): CommandFace<Options> {
  const command = new Command('rm')
    .summary('remove a name from its directory')
    .description(
      'Removes the name. The object stays: whoever holds a capability of it may use it on.\nWith --destroy the object goes first, and the name only where that worked.',
    )
    .argument('<path>', 'name to remove')
    .option('--destroy', 'destroy the object too; a directory must be empty')
    .addHelpText(
      'after',
      examples(
        ['cardumen rm /services/mail', 'the name only'],
        ['cardumen rm --destroy /old', 'an empty directory, and its name'],
      ),
    )
  return { command, act }
}

async function act(options: Options, given: Operand): Promise<number> {
  const { joinExisting } = await import('../joined.ts')
  const { checkedPath } = await import('../path-text.ts')
  const path = checkedPath(String(given))
  await using system = await joinExisting(options, 'rm')
  if (options.destroy !== true) {
    await system.directory.remove(path)
    return exitCode.ok
  }
  const { capabilities, version } = await system.directory.lookup(path)
  for (const capability of capabilities) await system.standard(capability).destroy()
  await system.directory.remove(path, { expected: version })
  return exitCode.ok
}
