/** `cardumen cap restrict`: a capability of the same object that allows less. No server takes part in it. */
import { Command } from 'commander'
import type { Restriction } from '../../kernel/capabilities/capability.ts'
import type { CommandFace, Operand } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import { parseExpiry } from '../expiry-text.ts'
import { parseRights } from '../rights-text.ts'
import { type StandardOptions, examples } from '../standard-options.ts'
import { targetHelp } from '../target-help.ts'
import { print } from '../terminal.ts'

interface Options extends StandardOptions {
  readonly rights?: string
  readonly operations?: string
  readonly expires?: number
}

export function capRestrictCommand(): CommandFace<Options> {
  const command = new Command('restrict')
    .summary('make a capability that allows less')
    .description(
      'Prints the text of a capability of the same object that allows less. The one that it is made of stays as it is.\nThe text is a secret: whoever reads it may do what it grants.',
    )
    .argument('<target>', 'path, name or capability')
    .option('--rights <rights>', 'only these, such as read,modify')
    .option('--operations <names>', 'only these operations, such as greet,std.info')
    .option('--expires <time>', 'refused from then on: 30m, 2h, 7d from now, or a date', (text) => parseExpiry(text))
    .addHelpText(
      'after',
      targetHelp +
        '\n' +
        examples(
          ['cardumen cap restrict /services/mail --rights read', 'to read only'],
          ['cardumen cap restrict env:MAIL --operations send --expires 2h', 'one operation, two hours'],
          ['cardumen cap restrict / --rights read,other | cardumen cap show -', 'the root, as others see it'],
        ),
    )
  return { command, act }
}

async function act(options: Options, given: Operand): Promise<number> {
  const { Capability } = await import('../../kernel/capabilities/capability.ts')
  const { heldCapability } = await import('../target.ts')
  const restriction = await restrictionOf(options)
  const capability = await heldCapability(options, 'cap', String(given))
  print(Capability.toText(capability.restrict(restriction)))
  return exitCode.ok
}

async function restrictionOf({ rights, operations, expires }: Options): Promise<Restriction> {
  if (rights === undefined && operations === undefined && expires === undefined) {
    const { CardumenError } = await import('../../lib/cardumen-error.ts')
    throw new CardumenError('option-invalid', 'Nothing to restrict: give --rights, --operations or --expires.')
  }
  return {
    ...(rights !== undefined && { rights: parseRights(rights) }),
    ...(operations !== undefined && { operations: operations.split(/[,\s]+/).filter((name) => name !== '') }),
    ...(expires !== undefined && { expiresAt: expires }),
  }
}
