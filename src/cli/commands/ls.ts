/**
 * `cardumen ls`: the names in a directory; with `-l` what is known of each, and what its object says of itself.
 *
 * Names are printed as they come, one on a line, so that a large directory takes no memory and a reader may stop. The
 * long form is made in pages, since a table must know its widest cell.
 */
import { Command } from 'commander'
import type { System } from '../../servers/system.ts'
import type { CommandFace, Operand } from '../command.ts'
import type { ListedRow } from '../directory-rows.ts'
import { exitCode } from '../exit-code.ts'
import { type StandardOptions, examples } from '../standard-options.ts'
import { type Column, tableOf } from '../table.ts'
import { print, taken } from '../terminal.ts'

interface Options extends StandardOptions {
  readonly long?: boolean
  readonly json?: boolean
}

export function lsCommand(): CommandFace<Options> {
  const command = new Command('ls')
    .summary('list the names in a directory')
    .description('Lists the names in a directory; without PATH in the root. Directories end with "/".')
    .argument('[path]', 'directory, or one name', '/')
    .option('-l, --long', 'with rights, masks, and what each object says of itself')
    .option('--json', 'print JSON, a line for each name')
    .addHelpText(
      'after',
      examples(
        ['cardumen ls', 'the root'],
        ['cardumen ls -l /services', 'with rights, masks and objects'],
        ['cardumen ls /services --json | jq -r .name', 'for a script'],
      ),
    )
  return { command, act }
}

async function act(options: Options, given: Operand): Promise<number> {
  const { joinExisting } = await import('../joined.ts')
  const { checkedPath } = await import('../path-text.ts')
  const path = checkedPath(String(given))
  await using system = await joinExisting(options, 'ls')
  await list(system, path, options)
  return exitCode.ok
}

async function list(system: System, path: string, { long, json }: Options): Promise<void> {
  const { rowPagesOf } = await import('../directory-rows.ts')
  let isFirst = true
  for await (const rows of rowPagesOf(system, path, long === true)) {
    if (json === true) for (const row of rows) print(JSON.stringify(row))
    else if (long !== true) for (const row of rows) print(nameOf(row))
    else if (rows.length > 0) printTable(rows, isFirst)
    isFirst = false
    await taken()
  }
}

/** The heading stands over the first page only. */
function printTable(rows: readonly ListedRow[], isFirst: boolean): void {
  const table = tableOf(columns, rows)
  print(isFirst ? table : table.slice(table.indexOf('\n') + 1))
}

/** No cell before the name has a blank in it. */
const columns: readonly Column<ListedRow>[] = [
  { title: 'RIGHTS', cell: ({ rights }) => rights },
  { title: 'MASKS', cell: ({ masks }) => masks?.replace(/,fourth=$/, '') ?? '-' },
  { title: 'SET', align: 'right', cell: ({ count }) => String(count) },
  { title: 'ENTERED', cell: ({ enteredAt }) => enteredAt?.slice(0, 19) ?? '-' },
  { title: 'BY', cell: ({ enteredBy }) => enteredBy ?? '-' },
  { title: 'NAME', cell: nameOf },
  { title: 'OBJECT', cell: ({ object }) => object ?? '-' },
]

function nameOf({ name, isDirectory }: ListedRow): string {
  return isDirectory ? `${name}/` : name
}
