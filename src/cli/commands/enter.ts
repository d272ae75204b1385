/**
 * `cardumen enter`: a name for capabilities that there are: of a service, of another name, or as a text.
 *
 * Several make a set: replicas of one object, of which whoever opens the name takes one that answers.
 */
import { Command, Option } from 'commander'
import type { Capability } from '../../kernel/capabilities/capability.ts'
import type { System } from '../../servers/system.ts'
import type { CommandFace, Operand } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import { type StandardOptions, examples } from '../standard-options.ts'
import { targetHelp } from '../target-help.ts'
import { masksHelp } from './chmod.ts'

interface Options extends StandardOptions {
  readonly masks?: string
  readonly replace?: boolean
}

export function enterCommand(): CommandFace<Options> {
  const command = new Command('enter')
    .summary('enter a capability under a name')
    .description(
      'Enters under PATH what TARGET names: a service gives the capabilities of all its servers, a path those of its row.',
    )
    .argument('<path>', 'the new name')
    .argument('<target...>', 'what it shall lead to; several make a set of replicas')
    .option('--masks <masks>', 'what each column gives of it (default: that of the directory server)')
    .addOption(new Option('--replace', 'in place of what the name leads to now; masks stay').conflicts('masks'))
    .addHelpText(
      'after',
      targetHelp +
        '\n' +
        masksHelp +
        '\n' +
        examples(
          ['cardumen enter /services/mail mail', 'what serves the name "mail"'],
          ['cardumen enter /services/mail - < mail.cap', 'a capability from a file'],
          ['cardumen enter /services/mail env:MAIL', 'one from a variable'],
          ['cardumen enter /here/mail /services/mail', 'a second name'],
        ),
    )
  return { command, act }
}

async function act(options: Options, given: Operand, targets: Operand): Promise<number> {
  const { joinExisting } = await import('../joined.ts')
  const { checkedPath } = await import('../path-text.ts')
  const { parseMasks, withMasks } = await import('../rights-text.ts')
  const path = checkedPath(String(given))
  const masks = options.masks === undefined ? {} : { masks: withMasks([], parseMasks(options.masks)) }
  await using system = await joinExisting(options, 'enter')
  const capabilities = await capabilitiesOfAll(system, targets as readonly string[])
  if (options.replace === true) {
    const { version } = await system.directory.lookup(path)
    await system.directory.replace(path, capabilities, { expected: version })
  } else {
    await system.directory.enter(path, capabilities, masks)
  }
  return exitCode.ok
}

async function capabilitiesOfAll(system: System, targets: readonly string[]): Promise<readonly Capability[]> {
  const { capabilitiesOf } = await import('../target.ts')
  const all: Capability[] = []
  for (const target of targets) all.push(...(await capabilitiesOf(system, target)))
  return all
}
