/**
 * The command line as a whole: which commands there are, and how each of them ends.
 *
 * A command returns its exit code or throws. Its definition is light; what it works with it loads when it runs, so that
 * `--help` and a mistyped word are answered at once.
 */
import process from 'node:process'
import { Command, CommanderError } from 'commander'
import type { CommandFace, CommandGroup, Operand } from './command.ts'
import { addStandardOptions, examples } from './standard-options.ts'
import { auditCommand } from './commands/audit.ts'
import { callCommand } from './commands/call.ts'
import { capCommand } from './commands/cap.ts'
import { checkCommand } from './commands/check.ts'
import { chmodCommand } from './commands/chmod.ts'
import { completionCommand } from './commands/completion.ts'
import { doctorCommand } from './commands/doctor.ts'
import { downCommand } from './commands/down.ts'
import { enterCommand } from './commands/enter.ts'
import { exploreCommand } from './commands/explore.ts'
import { infoCommand } from './commands/info.ts'
import { killCommand } from './commands/kill.ts'
import { lsCommand } from './commands/ls.ts'
import { mkdirCommand } from './commands/mkdir.ts'
import { mvCommand } from './commands/mv.ts'
import { paramsCommand } from './commands/params.ts'
import { psCommand } from './commands/ps.ts'
import { rmCommand } from './commands/rm.ts'
import { runCommand } from './commands/run.ts'
import { scheduleCommand } from './commands/schedule.ts'
import { simulateCommand } from './commands/simulate.ts'
import { statusCommand } from './commands/status.ts'
import { tablesCommand } from './commands/tables.ts'
import { touchCommand } from './commands/touch.ts'
import { threadsCommand } from './commands/threads.ts'
import { traceCommand } from './commands/trace.ts'
import { treeCommand } from './commands/tree.ts'
import { upCommand } from './commands/up.ts'
import { exitCode, exitCodeOf } from './exit-code.ts'
import { tellFailure, tellUsage } from './failure.ts'
import { packageVersion } from './package-version.ts'
import { flushOutput, styled, styledError, watchOutput, withoutColour } from './terminal.ts'

/** Runs one command and ends the process. */
export async function runCommandLine(args: readonly string[]): Promise<never> {
  if (isColourRefused(args)) withoutColour()
  // Whoever read our output has enough of it; members notice at once that this one is gone.
  watchOutput(
    () => process.exit(exitCode.ok),
    (error) => {
      tellFailure(error)
      process.exit(exitCode.failed)
    },
  )
  const code = await ended(args)
  await flushOutput()
  process.exit(code)
}

async function ended(args: readonly string[]): Promise<number> {
  let code: number = exitCode.ok
  try {
    await commandLine((result) => {
      code = result
    }).parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage
    tellFailure(error)
    return exitCodeOf(error)
  }
}

function commandLine(onEnd: (code: number) => void): Command {
  const program = configured(new Command('cardumen'))
  addStandardOptions(program)
    .description('Your machines as one TypeScript program.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .enablePositionalOptions()
    .addHelpText('after', help)
  for (const made of commands) program.addCommand(built(program, made(), onEnd))
  return program
}

/** In the order of the help. */
const commands: readonly (() => CommandFace | CommandGroup)[] = [
  upCommand,
  downCommand,
  statusCommand,
  psCommand,
  runCommand,
  killCommand,
  callCommand,
  lsCommand,
  treeCommand,
  enterCommand,
  mkdirCommand,
  rmCommand,
  mvCommand,
  chmodCommand,
  capCommand,
  infoCommand,
  touchCommand,
  paramsCommand,
  auditCommand,
  traceCommand,
  tablesCommand,
  checkCommand,
  exploreCommand,
  scheduleCommand,
  threadsCommand,
  doctorCommand,
  simulateCommand,
  completionCommand,
]

function built(program: Command, face: CommandFace | CommandGroup, onEnd: (code: number) => void): Command {
  const { command } = face
  configured(addStandardOptions(command)).helpOption('-h, --help', 'print this help')
  if ('parts' in face) {
    for (const part of face.parts) command.addCommand(built(program, part, onEnd))
    return command
  }
  command.action(async (...given: unknown[]) => {
    // Commander gives the operands, the options and the command.
    const operands = given.slice(0, -2) as Operand[]
    onEnd(await face.act({ ...program.opts(), ...command.parent?.opts(), ...command.opts() }, ...operands))
  })
  return command
}

const help = `${examples(
  ['cardumen up', 'start members on this machine'],
  ['cardumen status', 'show who is in, and how they are'],
  ['cardumen run job.ts --depth 3', 'run a program on the member that suits best'],
  ['cardumen down', 'stop them'],
)}

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 nothing is running; "run" ends with the code of its program.`

/** Throws instead of ending the process, tells errors as we tell them, and keeps help free of colour in a pipe. */
function configured(command: Command): Command {
  return command
    .exitOverride()
    .configureOutput({
      outputError: (text) => tellUsage(firstLine(text), `${nameOf(command)} --help`),
      getOutHasColors: () => styled('bold', '') !== '',
      getErrHasColors: () => styledError('bold', '') !== '',
    })
    .configureHelp({ styleTitle: (text) => styled('bold', text), sortSubcommands: false })
    .showSuggestionAfterError(true)
}

/** Commander prints "error: what is wrong", and on a line of its own what may have been meant. */
function firstLine(text: string): string {
  return text
    .trim()
    .replace(/^error: /, '')
    .replaceAll('\n', ' ')
}

function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`
}

/** Known before anything is parsed, since wrong usage is told in colour too. What follows the file of `run` is not ours. */
function isColourRefused(args: readonly string[]): boolean {
  const run = args.indexOf('run')
  return (run === -1 ? args : args.slice(0, run)).includes('--no-color')
}
