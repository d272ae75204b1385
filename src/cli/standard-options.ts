/**
 * The options that every command has, and the readers of values that several share.
 *
 * They stand before the command or after it: `cardumen --home X status` and `cardumen status --home X` are the same.
 */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { parseDuration } from './units.ts'

export interface StandardOptions {
  readonly home?: string
  readonly system?: string
}

export function addStandardOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--home <folder>',
        'state folder (default: CARDUMEN_HOME, else .cardumen beside the nearest package.json)',
      ),
    )
    .addOption(new Option('--system <name>', 'which system of the state folder (default: main)'))
    .addOption(new Option('--no-color', 'no colour; so does NO_COLOR'))
}

export function examples(...lines: readonly (readonly [command: string, meaning: string])[]): string {
  const width = Math.max(...lines.map(([command]) => command.length))
  return `\nExamples:\n${lines.map(([command, meaning]) => `  $ ${command.padEnd(width)}  ${meaning}`).join('\n')}`
}

export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= least && value <= most) return value
    throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`)
  }
}

export function milliseconds(text: string): number {
  const value = parseDuration(text)
  if (value === undefined) throw new InvalidArgumentError('It is a time such as 500ms, 2s or 1m.')
  return value
}
