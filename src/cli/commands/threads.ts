/**
 * `cardumen threads`: what the threads of a process hold and wait for, and which of them are deadlocked.
 *
 * It needs no member and no system: the process's service thread answers, also while all its other threads are stuck. Without
 * a process it lists those that can be asked.
 */
import { Argument, Command } from 'commander'
import type { ListedProcess } from '../../threads/processes/home-report.ts'
import type { Paint } from '../../threads/deadlock/threads-text.ts'
import type { CommandFace, Operand } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import { examples, type StandardOptions, wholeNumber } from '../standard-options.ts'
import { note, print, type Style, styled, styledError } from '../terminal.ts'

interface Options extends StandardOptions {
  readonly json?: boolean
}

const pidMax = 2 ** 31 - 1
const styles: Readonly<Record<Parameters<Paint>[0], Style>> = { name: 'bold', bad: 'red', aside: 'dim' }

export function threadsCommand(): CommandFace<Options> {
  const command = new Command('threads')
    .summary('show what the threads of a process hold and wait for')
    .description(
      'Prints each thread of a process that uses cardumen/threads: what it holds, what it waits for, since when and where, and the deadlocks. Without PID,\nlists the processes of yours that can be asked.',
    )
    .addArgument(new Argument('[pid]', 'of the process').argParser(wholeNumber(1, pidMax)))
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        ['cardumen threads', 'the processes that can be asked'],
        ['cardumen threads 4711', 'one of them'],
        ['cardumen threads 4711 --json | jq .deadlocks', 'its deadlocks, for a script'],
      ),
    )
  return { command, act }
}

async function act(options: Options, operand: Operand): Promise<number> {
  return operand === undefined ? list(options) : show(Number(operand), options)
}

async function show(pid: number, { json }: Options): Promise<number> {
  const { reportOfProcess } = await import('../../threads/processes/home-report.ts')
  const report = await reportOfProcess(pid)
  if (json === true) print(JSON.stringify(report))
  else {
    const { describeThreads } = await import('../../threads/deadlock/threads-text.ts')
    print(describeThreads(report, (what, text) => styled(styles[what], text)))
  }
  return exitCode.ok
}

async function list({ json }: Options): Promise<number> {
  const { reportsOfProcesses } = await import('../../threads/processes/home-report.ts')
  const listed = await reportsOfProcesses()
  if (json === true) print(JSON.stringify(listed))
  else if (listed.length === 0) note('No process of yours tells of threads.')
  else await printTable(listed)
  const silent = listed.filter(({ report }) => report === undefined).map(({ pid }) => pid)
  if (silent.length > 0) note(styledError('yellow', `No answer from ${silent.join(', ')}: stopped, perhaps.`))
  return listed.length === 0 ? exitCode.nothingRunning : exitCode.ok
}

async function printTable(listed: readonly ListedProcess[]): Promise<void> {
  const { tableOf } = await import('../table.ts')
  const { countsOf } = await import('../../threads/deadlock/threads-text.ts')
  const { printable } = await import('../../protocols/deadlock/printable.ts')
  const columns = [
    { title: 'PID', align: 'right', cell: ({ pid }: ListedProcess) => String(pid) },
    { title: 'THREADS', cell: ({ report }: ListedProcess) => (report === undefined ? '?' : countsOf(report.threads)) },
    { title: 'DEADLOCKS', cell: deadlockCell },
    { title: 'COMMAND', cell: ({ report }: ListedProcess) => printable(report?.command ?? '') },
  ] as const
  print(tableOf(columns, listed))
}

function deadlockCell({ report }: ListedProcess): string {
  const count = report?.deadlocks.length ?? 0
  return count === 0 ? '-' : styled('red', String(count))
}
