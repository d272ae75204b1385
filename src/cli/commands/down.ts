/**
 * `cardumen down`: ends the members that `up` started, in whatever state they are.
 *
 * The work is done by `fleet/down.ts`; this says of each how it went. That nothing ran is as good an end as any.
 */
import { Command } from 'commander'
import type { CommandFace } from '../command.ts'
import { type StandardOptions, examples } from '../standard-options.ts'
import { exitCode } from '../exit-code.ts'
import { note, print, styled } from '../terminal.ts'
import { counted } from '../units.ts'

interface Options extends StandardOptions {
  readonly json?: boolean
}

export function downCommand(): CommandFace<Options> {
  const command = new Command('down')
    .summary('stop the members that "up" started')
    .description(
      'Asks each member that "up" started to leave; sends SIGTERM to one that does not, and then SIGKILL.\nPrograms that joined by themselves are left alone. It is no error when nothing runs.',
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(['cardumen down', 'stop all of them'], ['cardumen kill m2 --member', 'stop only one']),
    )
  return { command, act }
}

async function act(options: Options): Promise<number> {
  const { down } = await import('../../fleet/down.ts')
  const { compareNames } = await import('../joined.ts')
  const ended = (await down(options)).toSorted((left, right) => compareNames(left.name, right.name))
  if (options.json === true) {
    print(JSON.stringify(ended))
    return exitCode.ok
  }
  for (const { name, pid, how } of ended)
    print(`${name}  pid ${pid}  ${how === 'asked' ? 'left' : styled('yellow', `ended by ${how}`)}`)
  if (ended.length === 0) note('Nothing was running.')
  else print(`${counted(ended.length, 'member')} stopped.`)
  return exitCode.ok
}
