/**
 * What each file of `commands/` makes: the definition of a command, and what it does.
 *
 * The two are apart so that the command line gives all commands the same options and the same end.
 */
import type { Command } from 'commander'
import type { StandardOptions } from './standard-options.ts'

export type Operand = string | readonly string[] | undefined

export interface CommandFace<Options extends StandardOptions = StandardOptions> {
  readonly command: Command
  /** Resolves to the exit code; throws what went wrong. */
  act(options: Options, ...operands: readonly Operand[]): Promise<number>
}

/** A command that is nothing but others, as `cap` is: `cap show`, `cap restrict`. */
export interface CommandGroup {
  readonly command: Command
  readonly parts: readonly CommandFace[]
}
