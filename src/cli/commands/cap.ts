/** `cardumen cap`: what can be done with capabilities themselves. */
import { Command } from 'commander'
import type { CommandGroup } from '../command.ts'
import { examples } from '../standard-options.ts'
import { capRestrictCommand } from './cap-restrict.ts'
import { capRevokeCommand } from './cap-revoke.ts'
import { capShowCommand } from './cap-show.ts'

export function capCommand(): CommandGroup {
  const command = new Command('cap')
    .summary('show, restrict and revoke capabilities')
    .description('Capabilities name objects and open them: whoever holds one may do what it grants.')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText(
      'after',
      examples(
        ['cardumen cap show /services/mail', 'what it names and grants'],
        ['cardumen cap restrict /services/mail --rights read', 'one that grants less'],
        ['cardumen cap revoke /services/mail --all', 'take all of them back'],
      ),
    )
  return { command, parts: [capShowCommand(), capRestrictCommand(), capRevokeCommand()] }
}
