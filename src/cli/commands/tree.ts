/**
 * `cardumen tree`: a directory and all below it, as a drawing.
 *
 * Directories may link to each other, in circles too. Each is drawn in full once, where it is met first; elsewhere its
 * line says where that was.
 */
import { Command } from 'commander'
import type { CommandFace, Operand } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import { type StandardOptions, examples, wholeNumber } from '../standard-options.ts'
import { note, print, styled, taken } from '../terminal.ts'
import { counted } from '../units.ts'

interface Options extends StandardOptions {
  readonly depth?: number
}

const depthMax = 1_000

export function treeCommand(): CommandFace<Options> {
  const command = new Command('tree')
    .summary('draw a directory and all below it')
    .description('Draws the directory and those below it. One that is reached in several ways is drawn in full once.')
    .argument('[path]', 'directory to begin with', '/')
    .option('-d, --depth <n>', 'so many levels (default: all)', wholeNumber(1, depthMax))
    .addHelpText(
      'after',
      examples(['cardumen tree', 'everything'], ['cardumen tree /services --depth 2', 'two levels of a part']),
    )
  return { command, act }
}

async function act(options: Options, given: Operand): Promise<number> {
  const { joinExisting } = await import('../joined.ts')
  const { checkedPath } = await import('../path-text.ts')
  const { treeOf } = await import('../directory-tree.ts')
  const path = checkedPath(String(given))
  await using system = await joinExisting(options, 'tree')
  let directories = 0
  let names = 0
  for await (const { branches, name, isDirectory, remark } of treeOf(system, path, options.depth ?? depthMax)) {
    const isBelow = branches !== ''
    if (isBelow) names++
    if (isBelow && isDirectory) directories++
    print(`${styled('dim', branches)}${name}${remark === undefined ? '' : styled('dim', `  ${remark}`)}`)
    await taken()
  }
  note(`${counted(names, 'name')}, ${counted(directories, 'directory', 'directories')} among them.`)
  return exitCode.ok
}
