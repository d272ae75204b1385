/**
 * `cardumen completion`: the script that makes a shell complete our command lines.
 *
 * The script is made of the definitions of the commands. `--words` is what it calls to find values: paths, names and
 * members of the system that runs.
 */
import process from 'node:process'
import { Argument, Command, Option } from 'commander'
import type { CommandFace, Operand } from '../command.ts'
import type { CommandShape } from '../completion/shape.ts'
import { exitCode } from '../exit-code.ts'
import { type StandardOptions, examples } from '../standard-options.ts'
import { print } from '../terminal.ts'

interface Options extends StandardOptions {
  readonly words?: boolean
}

const shells = ['bash', 'zsh', 'fish'] as const

export function completionCommand(): CommandFace<Options> {
  const shell = new Argument('[shell]', 'your shell')
  // Said, but not checked here: with --words the words of a line stand in its place.
  shell.argChoices = [...shells]
  const command = new Command('completion')
    .summary('print a script that completes in bash, zsh or fish')
    .description('Prints a script for your shell. It completes commands, options, members, services and paths.')
    .addArgument(shell)
    .addArgument(new Argument('[words...]', 'for --words'))
    .addOption(new Option('--words', 'print what may stand in place of the last of the words').hideHelp())
    .addHelpText(
      'after',
      examples(
        ['source <(cardumen completion bash)', 'for this shell; in ~/.bashrc for all'],
        ['source <(cardumen completion zsh)', 'the same in ~/.zshrc'],
        ['cardumen completion fish > ~/.config/fish/completions/cardumen.fish', 'fish'],
      ),
    )
  return { command, act: (options, shell, words) => act(command, options, shell, words) }
}

async function act(command: Command, options: Options, shell: Operand, words: Operand): Promise<number> {
  const { shapeOf } = await import('../completion/shape.ts')
  const program = shapeOf(command.parent ?? command)
  if (options.words === true) {
    const { wantedBy } = await import('../completion/wanted.ts')
    const { candidateLines } = await import('../completion/candidates.ts')
    const line = [String(shell ?? ''), ...((words ?? []) as readonly string[])]
    for (const each of await candidateLines(wantedBy(program, line))) print(each)
    return exitCode.ok
  }
  process.stdout.write(await scriptFor(String(shell), program))
  return exitCode.ok
}

async function scriptFor(shell: string, program: CommandShape): Promise<string> {
  if (shell === 'bash') return (await import('../completion/bash.ts')).bashScript(program)
  if (shell === 'zsh') return (await import('../completion/zsh.ts')).zshScript(program)
  if (shell === 'fish') return (await import('../completion/fish.ts')).fishScript(program)
  const { CardumenError } = await import('../../lib/cardumen-error.ts')
  throw new CardumenError('option-invalid', `Which shell is yours? There is a script for ${shells.join(', ')}.`, {
    hint: 'cardumen completion bash',
  })
}
