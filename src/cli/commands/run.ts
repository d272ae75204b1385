/**
 * `cardumen run`: runs a program on the member that suits best, as if it ran here: its input, outputs, signals and exit
 * code are this command's. Where nobody offers to run things, it runs under this command itself.
 */
import { once } from 'node:events'
import { resolve } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { Command, InvalidArgumentError } from 'commander'
import type { ProgramOutput, RemoteProgram } from '../../servers/run/remote-program.ts'
import type { CommandFace, Operand } from '../command.ts'
import { type StandardOptions, examples } from '../standard-options.ts'
import { signalExitCode } from '../exit-code.ts'
import { flushOutput, note, styledError } from '../terminal.ts'

interface Options extends StandardOptions {
  readonly on?: string
  readonly env: Readonly<Record<string, string>>
}

/** A member that has not passed a signal on within this time is stopped or gone, and so the command ends alone. */
const signalTimeoutMs = 2_000
const forwarded = { SIGINT: 'SIGINT', SIGTERM: 'SIGTERM', SIGHUP: 'SIGTERM' } as const

export function runCommand(): CommandFace<Options> {
  const command = new Command('run')
    .summary('run a program on some member')
    .description(
      'Runs a TypeScript or JavaScript file as a process of its own, on the member that suits best, in this folder.\nInput, outputs, Ctrl-C and exit code are those of the program. Options after FILE are the program’s.',
    )
    .argument('<file>', 'file to run')
    .argument('[args...]', 'its arguments')
    .option('--on <member>', 'on this member')
    .option('-e, --env <name=value>', 'add to its environment; may be repeated', addVariable, {})
    .passThroughOptions()
    .addHelpText(
      'after',
      examples(
        ['cardumen run report.ts --month 3', '"--month 3" goes to report.ts'],
        ['cardumen run --on m2 job.ts < input.txt', 'on the member m2'],
        ['cardumen run --env LEVEL=debug job.ts', 'with a variable'],
      ),
    )
  return { command, act }
}

async function act(options: Options, file: Operand, args: Operand): Promise<number> {
  const { joinAs } = await import('../joined.ts')
  const { memberId } = await import('../../lib/identifiers.ts')
  await using system = await joinAs(options, 'run')
  const program = await system.run(moduleUrl(String(file)), {
    args: Array.isArray(args) ? (args as readonly string[]) : [],
    env: options.env,
    stdin: process.stdin,
    workingFolder: process.cwd(),
    ...(options.on !== undefined && { on: memberId(options.on) }),
  })
  const stopForwarding = forwardSignals(program)
  try {
    const [{ code, signal }] = await Promise.all([
      program.exit,
      pass(program.stdout, process.stdout),
      pass(program.stderr, process.stderr),
    ])
    if (signal === undefined) return code ?? 0
    note(styledError('yellow', `The program was ended by ${signal}.`))
    return signalExitCode(signal)
  } finally {
    stopForwarding()
  }
}

function moduleUrl(file: string): string {
  return file.startsWith('file:') ? file : pathToFileURL(resolve(file)).href
}

async function pass(from: ProgramOutput, to: NodeJS.WriteStream): Promise<void> {
  for await (const chunk of from) if (!to.write(chunk)) await once(to, 'drain')
}

function forwardSignals(program: RemoteProgram): () => void {
  const listeners = Object.entries(forwarded).map(([name, passedOn]) => {
    const listener = (): void => void forward(program, name, passedOn)
    process.on(name, listener)
    return () => process.off(name, listener)
  })
  return () => {
    for (const stop of listeners) stop()
  }
}

async function forward(program: RemoteProgram, name: string, passedOn: 'SIGINT' | 'SIGTERM'): Promise<void> {
  const late = setTimeout(() => {
    note(`${program.memberId} does not answer; the program may go on there.`)
    void flushOutput().then(() => process.exit(signalExitCode(name)))
  }, signalTimeoutMs)
  // It may have ended at the same moment.
  await program.kill(passedOn).catch(() => undefined)
  clearTimeout(late)
}

function addVariable(text: string, before: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const at = text.indexOf('=')
  if (at > 0) return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
  throw new InvalidArgumentError('It is NAME=VALUE.')
}
