/** `cardumen mv`: another name, or another directory, for what a name leads to; both at once or neither. */
import { Command } from 'commander'
import type { CommandFace, Operand } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import { type StandardOptions, examples } from '../standard-options.ts'

export function mvCommand(): CommandFace {
  const command = new Command('mv')
    .summary('give a name elsewhere, or another one')
    .description(
      'Moves a name, with its capabilities and masks, in one step: nobody sees both names, or none.\nA TO that ends with "/" is the directory to move it into. What is there already is never replaced.',
    )
    .argument('<from>', 'name that is there')
    .argument('<to>', 'name that it gets')
    .addHelpText(
      'after',
      examples(
        ['cardumen mv /services/mail /services/post', 'another name'],
        ['cardumen mv /services/mail /old/', 'the same name in another directory'],
      ),
    )
  return { command, act }
}

async function act(options: StandardOptions, givenSource: Operand, givenTarget: Operand): Promise<number> {
  const { joinExisting } = await import('../joined.ts')
  const { checkedPath, lastName, pathWithin } = await import('../path-text.ts')
  const source = checkedPath(String(givenSource))
  const target = checkedPath(String(givenTarget))
  const isInto = String(givenTarget).endsWith('/')
  await using system = await joinExisting(options, 'mv')
  await system.directory.move(source, isInto ? pathWithin(target, lastName(source)) : target)
  return exitCode.ok
}
