/**
 * `cardumen ps`: the programs that run on the members, whoever started them.
 *
 * Members that do not answer are named on stderr, so that a short list is not taken for a whole one.
 */
import { Command } from 'commander'
import type { CommandFace } from '../command.ts'
import { type StandardOptions, examples } from '../standard-options.ts'
import { exitCode } from '../exit-code.ts'
import type { ListedProgram } from '../programs.ts'
import { type Column, tableOf } from '../table.ts'
import { note, print, styledError } from '../terminal.ts'
import { duration } from '../units.ts'

interface Options extends StandardOptions {
  readonly json?: boolean
  readonly all?: boolean
}

export function psCommand(): CommandFace<Options> {
  const command = new Command('ps')
    .summary('list the programs that run on the members')
    .description('Lists the programs that "run" started, on whichever member they are.')
    .option('-a, --all', 'those too that have ended and are still remembered')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(['cardumen ps', 'a table'], ['cardumen ps --json | jq .[].pid', 'process ids for a script']),
    )
  return { command, act }
}

async function act(options: Options): Promise<number> {
  const { joinExisting, refuseIfEmpty } = await import('../joined.ts')
  const { programName, programsOf } = await import('../programs.ts')
  await using system = await joinExisting(options, 'ps')
  refuseIfEmpty(system)
  const { listed, silent } = await programsOf(system)
  const shown = listed.filter(({ info }) => options.all === true || info.state !== 'ended')
  if (options.json === true)
    print(
      JSON.stringify(
        shown.map((program) => ({ name: programName(program), member: program.memberId, ...program.info })),
      ),
    )
  else if (shown.length === 0) note('No program runs.')
  else print(tableOf(columnsWith(programName), shown))
  if (silent.length > 0) note(styledError('yellow', `No answer from ${silent.join(', ')}.`))
  return exitCode.ok
}

function columnsWith(programName: (program: ListedProgram) => string): readonly Column<ListedProgram>[] {
  return [
    { title: 'PID', align: 'right', cell: ({ info }) => String(info.pid) },
    { title: 'MEMBER', cell: ({ memberId }) => memberId },
    { title: 'STATE', cell: ({ info }) => stateOf(info) },
    { title: 'SINCE', align: 'right', cell: ({ info }) => duration(Date.now() - info.startedMs) },
    { title: 'STARTED BY', cell: ({ info }) => info.owner },
    { title: 'PROGRAM', cell: (program) => [programName(program), ...program.info.args].join(' ') },
  ]
}

function stateOf({ state, exit }: ListedProgram['info']): string {
  return state === 'ended' && exit !== undefined ? `ended (${exit.signal ?? exit.code ?? 'unknown'})` : state
}
