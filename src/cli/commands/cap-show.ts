/** `cardumen cap show`: what a capability says of itself; the secret only where that is asked for by name. */
import { Command } from 'commander'
import type { CommandFace, Operand } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import { type StandardOptions, examples } from '../standard-options.ts'
import { targetHelp } from '../target-help.ts'
import { print } from '../terminal.ts'

interface Options extends StandardOptions {
  readonly json?: boolean
  readonly text?: boolean
}

export function capShowCommand(): CommandFace<Options> {
  const command = new Command('show')
    .summary('show what a capability names and grants')
    .description(
      'Shows port, object, rights, operations, expiry, holder and branch of each capability that TARGET means.\nIt is what the capability says of itself; whether it is genuine only its server knows ("cardumen info").',
    )
    .argument('<target>', 'path, name or capability')
    .option('--text', 'print the secret text instead: whoever reads it holds the object')
    .option('--json', 'print JSON, without the secret')
    .addHelpText(
      'after',
      targetHelp +
        '\n' +
        examples(
          ['cardumen cap show /services/mail', 'what it grants'],
          ['cardumen cap show env:MAIL', 'of one in a variable'],
          ['cardumen cap show --text /services/mail > mail.cap', 'to give it on'],
        ),
    )
  return { command, act }
}

async function act(options: Options, given: Operand): Promise<number> {
  const { Capability } = await import('../../kernel/capabilities/capability.ts')
  const { factsOf, factsText } = await import('../capability-facts.ts')
  const { heldCapabilities } = await import('../target.ts')
  const capabilities = await heldCapabilities(options, 'cap', String(given))
  if (options.text === true) for (const each of capabilities) print(Capability.toText(each))
  else if (options.json === true) print(JSON.stringify(capabilities.map(factsOf)))
  else print(capabilities.map((each) => factsText(factsOf(each))).join('\n\n'))
  return exitCode.ok
}
