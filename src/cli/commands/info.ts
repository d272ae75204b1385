/** `cardumen info`: what an object says of itself, as a line; with `--status` the figures of its server. */
import { Command } from 'commander'
import type { CommandFace, Operand } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import { type StandardOptions, examples } from '../standard-options.ts'
import { targetHelp } from '../target-help.ts'
import { print } from '../terminal.ts'

interface Options extends StandardOptions {
  readonly status?: boolean
  readonly json?: boolean
}

export function infoCommand(): CommandFace<Options> {
  const command = new Command('info')
    .summary('ask an object what it is')
    .description('Asks the object for its line. It answers only to a genuine capability with the right "read".')
    .argument('<target>', 'path, name or capability')
    .option('--status', 'the figures of its server too')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      targetHelp +
        '\n' +
        examples(
          ['cardumen info /services/mail', 'its line'],
          ['cardumen info member.m1 --status', 'with figures of its server'],
        ),
    )
  return { command, act }
}

async function act(options: Options, given: Operand): Promise<number> {
  const { joinExisting } = await import('../joined.ts')
  const { clientTargetOf } = await import('../target.ts')
  await using system = await joinExisting(options, 'info')
  const standard = system.standard(await clientTargetOf(system, String(given)))
  const info = await standard.info()
  const status = options.status === true ? await standard.status() : undefined
  if (options.json === true) print(JSON.stringify({ info, ...(status !== undefined && { status }) }))
  else {
    print(info)
    for (const [name, value] of Object.entries(status ?? {})) print(`${name}=${String(value)}`)
  }
  return exitCode.ok
}
