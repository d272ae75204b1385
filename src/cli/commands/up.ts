/**
 * `cardumen up`: starts the members that are missing, and returns when all of them answer.
 *
 * The work is done by `fleet/up.ts`, which programs use too; this shows how it comes along, and who is there in the end.
 */
import { Command } from 'commander'
import type { CommandFace } from '../command.ts'
import { type StandardOptions, examples, wholeNumber } from '../standard-options.ts'
import { exitCode } from '../exit-code.ts'
import { print, styled } from '../terminal.ts'
import { counted } from '../units.ts'

interface Options extends StandardOptions {
  readonly members?: number
  readonly threads?: number
  readonly json?: boolean
}

const membersMax = 256
const threadsMax = 1_024

export function upCommand(): CommandFace<Options> {
  const command = new Command('up')
    .summary('start members on this machine')
    .description(
      'Starts members named m1, m2, … that run things for others, and returns when all of them answer.\nThose that are there already stay as they are.',
    )
    .option(
      '-m, --members <n>',
      'how many there shall be (default: one a core, at least 2, at most 8)',
      wholeNumber(1, membersMax),
    )
    .option(
      '-t, --threads <n>',
      'worker threads of each (default: the cores shared out among them)',
      wholeNumber(1, threadsMax),
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        ['cardumen up', 'a member for each core'],
        ['cardumen up --members 4', 'm1 to m4'],
        ['cardumen up --members 4 --json | jq .[].pid', 'their process ids'],
      ),
    )
  return { command, act }
}

async function act(options: Options): Promise<number> {
  const { membersDefault, up } = await import('../../fleet/up.ts')
  const { ProgressBar } = await import('../progress-bar.ts')
  const members = options.members ?? membersDefault()
  using bar = new ProgressBar('starting', members)
  const daemons = await up({ ...options, members, onProgress: (ready) => bar.advanceTo(ready) })
  bar.clear()
  const { compareNames } = await import('../joined.ts')
  const sorted = daemons.toSorted((left, right) => compareNames(left.name, right.name))
  if (options.json === true) print(JSON.stringify(sorted))
  else tell(sorted)
  return exitCode.ok
}

function tell(daemons: readonly { readonly name: string; readonly pid: number; readonly isNew: boolean }[]): void {
  for (const { name, pid, isNew } of daemons)
    print(`${styled('green', name)}  pid ${pid}${isNew ? '' : styled('dim', '  was up already')}`)
  const fresh = daemons.filter((daemon) => daemon.isNew).length
  print(fresh === 0 ? 'Nothing to start.' : `${counted(fresh, 'member')} started.`)
}
