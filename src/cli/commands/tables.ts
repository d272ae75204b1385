/**
 * `cardumen tables`: what algorithms cost in theory, beside what ours cost when they run in the simulator; and what the
 * 81 forms of a call cost there, for which there is no theory.
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
import type { FormFigures } from '../../sim/scenarios/call-forms.ts'

interface Options extends StandardOptions {
  readonly json?: boolean
}

/** The table of calls is long, and printed only where it is asked for. */
const callTable = 'calls'
const callTerms = { seed: 1, lossRate: 0.05 }
const names = ['token-ring', 'bully'] as const satisfies readonly TableName[]

export function tablesCommand(): CommandFace<Options> {
  const command = new Command('tables')
    .summary('measure what algorithms cost, beside the theory')
    .description(
      'Runs mutual exclusion by token ring and election by bully among 2 to 10 members in the simulator, counts messages and\ndelays (in message times), and prints them beside their formulas. It ends with 1 where one differs.',
    )
    .addArgument(new Argument('[table]', 'only this one').choices([...names, callTable]))
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        ['cardumen tables', 'all that have a formula'],
        ['cardumen tables bully', 'one of them'],
        ['cardumen tables calls', 'the 81 forms of a call over a lossy network'],
      ),
    )
  return { command, act }
}

async function act(options: Options, table: Operand): Promise<number> {
  if (table === callTable) return printCallForms(options)
  const { costRows } = await import('../../sim/scenarios/tables.ts')
  const rows = names.filter((name) => name === (table ?? name)).flatMap(costRows)
  print(options.json === true ? JSON.stringify(rows) : tableOf(columns, rows))
  const differing = rows.filter((row) => !isEqual(row)).length
  if (differing === 0) return exitCode.ok
  note(`${differing} of ${rows.length} measurements differ from their formula.`)
  return exitCode.failed
}

async function printCallForms(options: Options): Promise<number> {
  const { callFormFigures } = await import('../../sim/scenarios/call-forms.ts')
  const rows = callFormFigures(callTerms)
  print(options.json === true ? JSON.stringify(rows) : tableOf(formColumns, rows))
  return exitCode.ok
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

const formColumns: readonly Column<FormFigures>[] = [
  { title: 'ADDRESSING', cell: ({ form }) => form.addressing },
  { title: 'BLOCKING', cell: ({ form }) => form.blocking },
  { title: 'BUFFERING', cell: ({ form }) => form.buffering },
  { title: 'RELIABILITY', cell: ({ form }) => form.reliability },
  { title: 'DONE', align: 'right', cell: (row) => String(row.completed) },
  { title: 'LOST', align: 'right', cell: (row) => String(row.lost) },
  { title: 'MSGS', align: 'right', cell: (row) => row.messagesPerCall.toFixed(2) },
  { title: 'MEAN', align: 'right', cell: (row) => row.latencyMeanMs.toFixed(1) },
  { title: 'P99', align: 'right', cell: (row) => row.latencyP99Ms.toFixed(0) },
  { title: 'COPIES', align: 'right', cell: (row) => String(row.duplicatesFiltered) },
  { title: 'TWICE', align: 'right', cell: (row) => String(row.duplicatesExecuted) },
  { title: 'IDLE', align: 'right', cell: (row) => row.idleMsPerCall.toFixed(1) },
  { title: 'COST', align: 'right', cell: (row) => row.overheadMsPerCall.toFixed(1) },
]

function isEqual(row: CostRow): boolean {
  return row.measured === row.expected
}
