/** `cardumen audit`: who entered, changed, revoked and destroyed what, and when; the newest first. */
import { Command } from 'commander'
import type { AuditRecord } from '../../kernel/standard/audit.ts'
import type { CommandFace } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import { type StandardOptions, examples, wholeNumber } from '../standard-options.ts'
import { type Column, tableOf } from '../table.ts'
import { note, print } from '../terminal.ts'

interface Options extends StandardOptions {
  readonly json?: boolean
  readonly limit: number
}

const limitDefault = 100
const limitMax = 100_000

export function auditCommand(): CommandFace<Options> {
  const command = new Command('audit')
    .summary('show who changed names and capabilities')
    .description(
      'Shows who entered, replaced, restricted, revoked and destroyed what, the newest first.\nThe system keeps about the last 10,000 acts.',
    )
    .option('-n, --limit <n>', 'so many', wholeNumber(1, limitMax), limitDefault)
    .option('--json', 'print JSON, a line for each')
    .addHelpText(
      'after',
      examples(
        ['cardumen audit', 'the last hundred'],
        ['cardumen audit --limit 10000 | grep revoked', 'all that was taken back'],
        [`cardumen audit --json | jq -r 'select(.user=="ada").name'`, 'what one user did'],
      ),
    )
  return { command, act }
}

async function act(options: Options): Promise<number> {
  const { joinExisting } = await import('../joined.ts')
  await using system = await joinExisting(options, 'audit')
  const records: AuditRecord[] = []
  for await (const record of system.audit.read({ entriesMax: options.limit })) records.push(record)
  if (options.json === true) for (const record of records) print(JSON.stringify(record))
  else if (records.length === 0) note('Nothing was recorded yet.')
  else print(tableOf(columns, records))
  return exitCode.ok
}

const columns: readonly Column<AuditRecord>[] = [
  { title: 'TIME', cell: ({ atMs }) => new Date(atMs).toISOString() },
  { title: 'USER', cell: ({ user }) => user },
  { title: 'MEMBER', cell: ({ who }) => who },
  { title: 'WHAT', cell: ({ what, failed }) => (failed === undefined ? what : `${what} (failed: ${failed})`) },
  {
    title: 'OBJECT',
    cell: ({ port, object }) => `${port?.slice(0, 6) ?? ''}${object === undefined ? '' : `:${object}`}` || '-',
  },
  { title: 'BRANCH', cell: ({ branch }) => branch ?? '-' },
  { title: 'NAME', cell: ({ name }) => name ?? '' },
]
