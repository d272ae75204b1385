/**
 * What the command line of the example says.
 */
import { statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

export interface Options {
  /** Absolute. */
  readonly folder: string
  readonly queries: readonly string[]
  readonly members: number
  /** Without the measuring of the speed-up. */
  readonly isQuick: boolean
  readonly isHelpWanted: boolean
}

/** The dependencies of this checkout: thousands of files that everybody has who can run this. */
const defaultFolder = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'node_modules')
const membersMax = 64

export const help = `Indexes every text file under a folder on several members, kills one of them half-way, and
compares the index with that of a single process.

usage: npm start -- [folder] [options]
  folder           default: node_modules of this checkout
  --query WORD     which files have the word most often; may be given several times
  --members N      members to bring up, 2 to ${membersMax}; default 4
  --quick          do not measure the speed-up
  --help           this text

Links, binary files, files over 16 MiB and what lies in .git or .cache are passed over. Kill members
yourself while it runs, with kill -9 and the process ids that it prints: as long as one is
left, the index is the same.

exit code: 0 the index is right; 1 it is not, or something failed; 2 wrong arguments;
           3 all members were killed; 130 interrupted

examples: npm start
          npm start -- ~/notes --query fish --query shoal
`

/** What was typed cannot be meant; the message says so to its reader. */
export class WrongArguments extends Error {
  override readonly name = 'WrongArguments'
}

/** @throws WrongArguments */
export function readOptions(list: readonly string[]): Options {
  const { values, positionals } = parse(list)
  if (positionals.length > 1) throw new WrongArguments(`one folder at a time, not ${positionals.join(' and ')}`)
  const folder = resolve(positionals[0] ?? defaultFolder)
  const isHelpWanted = values.help === true
  if (!isHelpWanted && statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new WrongArguments(`there is no folder ${folder}`)
  }
  const members = Number(values.members)
  if (!Number.isInteger(members) || members < 2 || members > membersMax) {
    throw new WrongArguments(`--members is ${values.members}; it is a whole number from 2 to ${membersMax}`)
  }
  return { folder, queries: values.query ?? [], members, isQuick: values.quick === true, isHelpWanted }
}

function parse(list: readonly string[]) {
  try {
    return parseArgs({
      args: [...list],
      allowPositionals: true,
      options: {
        query: { type: 'string', multiple: true },
        members: { type: 'string', default: '4' },
        quick: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (cause) {
    throw new WrongArguments(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}
