/** `cardumen touch`: tells servers that objects are still wanted, so that none of them is collected. */
import { Command } from 'commander'
import type { CommandFace, Operand } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import { type StandardOptions, examples } from '../standard-options.ts'
import { targetHelp } from '../target-help.ts'

export function touchCommand(): CommandFace {
  const command = new Command('touch')
    .summary('keep objects from being collected')
    .description(
      'Gives each object its full life again. Servers that collect destroy what nobody touches for 24 rounds of ageing.',
    )
    .argument('<target...>', 'paths, names or capabilities')
    .addHelpText(
      'after',
      targetHelp +
        '\n' +
        examples(['cardumen touch /files/report', 'one object'], ['cardumen touch /files/a /files/b', 'several']),
    )
  return { command, act }
}

async function act(options: StandardOptions, given: Operand): Promise<number> {
  const { joinExisting } = await import('../joined.ts')
  const { capabilitiesOf } = await import('../target.ts')
  await using system = await joinExisting(options, 'touch')
  for (const text of given as readonly string[])
    for (const capability of await capabilitiesOf(system, text))
      await touched(await system.standard(capability).touch({}))
  return exitCode.ok
}

async function touched({ refused }: { readonly refused: number }): Promise<void> {
  if (refused === 0) return
  const { CardumenError } = await import('../../lib/cardumen-error.ts')
  throw new CardumenError('object-unknown', 'It is too late: its server is destroying the object.')
}
