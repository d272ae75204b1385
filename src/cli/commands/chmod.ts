/** `cardumen chmod`: what the holders of each column get of a name. Columns that are not given stay as they are. */
import { Command } from 'commander'
import type { Row } from '../../servers/directory/changes.ts'
import type { System } from '../../servers/system.ts'
import type { CommandFace, Operand } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import type { GivenMasks } from '../rights-text.ts'
import { type StandardOptions, examples } from '../standard-options.ts'

export const masksHelp = `
MASKS give a column the rights that its holders get at most: owner=all,group=read+group,other=
  columns: owner, group, other, fourth; rights: create, read, modify, destroy, admin, the columns
  themselves (to see the rows of a directory that is entered there), all, or bits such as 0x10000.`

export function chmodCommand(): CommandFace {
  const command = new Command('chmod')
    .summary('set what each column gives of a name')
    .description('Sets the masks of a name. It changes what is given out from now on; "cap revoke" takes back.')
    .argument('<masks>', 'such as owner=all,group=read,other=')
    .argument('<path>', 'the name')
    .addHelpText(
      'after',
      masksHelp +
        '\n' +
        examples(
          ['cardumen chmod other= /services/mail', 'hide it from holders of "other"'],
          ['cardumen chmod group=read+group,other=read+other /services', 'a directory to look into'],
        ),
    )
  return { command, act }
}

async function act(options: StandardOptions, masks: Operand, given: Operand): Promise<number> {
  const { joinExisting } = await import('../joined.ts')
  const { checkedPath } = await import('../path-text.ts')
  const { parseMasks, withMasks } = await import('../rights-text.ts')
  const wanted: GivenMasks = parseMasks(String(masks))
  const path = checkedPath(String(given))
  await using system = await joinExisting(options, 'chmod')
  const present = await presentRow(system, path)
  const { version: expected } = present
  await system.directory.chmod(path, withMasks(present.masks ?? [], wanted), { expected })
  return exitCode.ok
}

/** With its version, so that of two who set one column each neither undoes what the other did. */
async function presentRow(system: System, path: string): Promise<Row> {
  const { folderOf, lastName } = await import('../path-text.ts')
  const name = lastName(path).normalize('NFC')
  // Of the names that begin so it is the first.
  for await (const row of system.directory.list(folderOf(path), { prefix: name, columns: true })) {
    if (row.name === name) return row
    break
  }
  await system.directory.getmasks(path)
  const { CardumenError } = await import('../../lib/cardumen-error.ts')
  throw new CardumenError('name-clash', 'The name was entered at this very moment; nothing was changed.')
}
