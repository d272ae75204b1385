/**
 * `cardumen tables`: what algorithms cost in theory, beside what ours cost when they run in the simulator.
 *
 * Nothing has to run for it, and it always measures the same. It fails where one measurement differs from its formula.
 */
import { Argument, Command } from 'commander'
import type { CostRow, TableName } from '../../sim/scenarios/tables.ts'
import type { CommandFace, Operand } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import { examples, type StandardOptions } from '../standard-options.ts'
import { type Column, tableOf } from '../table.ts'
import { note, print, styled } from '../terminal.ts'

interface Options extends StandardOptions {
  readonly json?: boolean
}

const names = ['token-ring', 'bully'] as const satisfies readonly TableName[]

export function tablesCommand(): CommandFace<Options> {
  const command = new Command('tables')
    .summary('measure what algorithms cost, beside the theory')
    .description(
      'Runs mutual exclusion by token ring and election by bully among 2 to 10 members in the simulator, counts messages and\ndelays (in message times), and prints them beside their formulas. It ends with 1 where one differs.',
    )
    .addArgument(new Argument('[table]', 'only this one').choices(names))
    .option('--json', 'print JSON')
    .addHelpText('after', examples(['cardumen tables', 'all of them'], ['cardumen tables bully', 'one of them']))
  return { command, act }
}

async function act(options: Options, table: Operand): Promise<number> {
  const { costRows } = await import('../../sim/scenarios/tables.ts')
  const rows = names.filter((name) => name === (table ?? name)).flatMap(costRows)
  print(options.json === true ? JSON.stringify(rows) : tableOf(columns, rows))
  const differing = rows.filter((row) => !isEqual(row)).length
  if (differing === 0) return exitCode.ok
  note(`${differing} of ${rows.length} measurements differ from their formula.`)
  return exitCode.failed
}

const columns: readonly Column<CostRow>[] = [
  { title: 'TABLE', cell: (row) => row.table },
  { title: 'WHAT', cell: (row) => row.what },
  { title: 'N', align: 'right', cell: (row) => String(row.members) },
  { title: 'FORMULA', cell: (row) => row.formula },
  { title: 'EXPECTED', align: 'right', cell: (row) => String(row.expected) },
  { title: 'MEASURED', align: 'right', cell: (row) => String(row.measured) },
  { title: '', cell: (row) => (isEqual(row) ? styled('green', 'equal') : styled('red', 'DIFFERS')) },
]

function isEqual(row: CostRow): boolean {
  return row.measured === row.expected
}
