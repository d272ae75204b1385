/**
 * What each file of `commands/` makes: the definition of a command, and what it does.
 */
import type { Command } from 'commander'
import type { CommonOptions } from './common-options.ts'

export type Operand = string | readonly string[] | undefined

export interface CommandFace<Options extends CommonOptions = CommonOptions> {
  readonly command: Command
  /** Resolves to the exit code; throws what went wrong. */
  act(options: Options, ...operands: readonly Operand[]): Promise<number>
}
