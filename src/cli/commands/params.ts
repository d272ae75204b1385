/**
 * `cardumen params`: the tunables of an object, and other values for them.
 *
 * The server says of what type each is; what is typed is read accordingly, and checked there before anything is set.
 */
import { Command } from 'commander'
import type { ParameterValue } from '../../kernel/standard/standard-objects.ts'
import type { System } from '../../servers/system.ts'
import type { CommandFace, Operand } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import { type StandardOptions, examples } from '../standard-options.ts'
import { type Column, tableOf } from '../table.ts'
import { targetHelp } from '../target-help.ts'
import { note, print } from '../terminal.ts'

interface Options extends StandardOptions {
  readonly json?: boolean
}

type Found = Awaited<ReturnType<ReturnType<System['standard']>['getparams']>>
type FoundRow = Found[string] & { readonly name: string }

export function paramsCommand(): CommandFace<Options> {
  const command = new Command('params')
    .summary('show or set what can be tuned of an object')
    .description('Shows the parameters of the object; with NAME=VALUE sets them first.')
    .argument('<target>', 'path, name or capability')
    .argument('[setting...]', 'such as level=3')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      targetHelp +
        '\n' +
        examples(
          ['cardumen params /services/mail', 'what there is'],
          ['cardumen params /services/mail level=3 name=post', 'other values for two'],
        ),
    )
  return { command, act }
}

async function act(options: Options, given: Operand, settings: Operand): Promise<number> {
  const { joinExisting } = await import('../joined.ts')
  const { clientTargetOf } = await import('../target.ts')
  const { parseSettings, valuesOf } = await import('../parameter-text.ts')
  const texts = parseSettings(settings as readonly string[])
  await using system = await joinExisting(options, 'params')
  const standard = system.standard(await clientTargetOf(system, String(given)))
  if (texts.size > 0) await standard.setparams(valuesOf(texts, await standard.getparams()))
  const found = await standard.getparams()
  if (options.json === true) print(JSON.stringify(found))
  else if (Object.keys(found).length === 0) note('It has no parameters.')
  else
    print(
      tableOf(
        columns,
        Object.entries(found).map(([name, parameter]) => ({ name, ...parameter })),
      ),
    )
  return exitCode.ok
}

const columns: readonly Column<FoundRow>[] = [
  { title: 'NAME', cell: ({ name }) => name },
  { title: 'TYPE', cell: ({ type, isReadOnly }) => (isReadOnly ? `${type}, read only` : type) },
  { title: 'VALUE', cell: ({ value }) => textOf(value) },
  { title: 'DESCRIPTION', cell: ({ description }) => description },
]

function textOf(value: ParameterValue): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}
