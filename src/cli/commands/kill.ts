/**
 * `cardumen kill`: sends a signal to a program that a member runs, or to a member.
 *
 * A program is reached through the member that runs it, so it may be anywhere; a member only on this machine.
 */
import process from 'node:process'
import { Command, InvalidArgumentError } from 'commander'
import type { System } from '../../servers/system.ts'
import type { CommandFace, Operand } from '../command.ts'
import { type StandardOptions, examples } from '../standard-options.ts'
import { exitCode } from '../exit-code.ts'
import type { SignalName } from '../programs.ts'
import { print } from '../terminal.ts'

interface Options extends StandardOptions {
  readonly signal: SignalName
  readonly member?: boolean
}

const signals: Readonly<Record<string, SignalName>> = {
  INT: 'SIGINT',
  KILL: 'SIGKILL',
  TERM: 'SIGTERM',
  STOP: 'SIGSTOP',
  CONT: 'SIGCONT',
  2: 'SIGINT',
  9: 'SIGKILL',
  15: 'SIGTERM',
}

export function killCommand(): CommandFace<Options> {
  const command = new Command('kill')
    .summary('send a signal to a program, or to a member')
    .description(
      'Sends a signal to a program that runs on some member, named by its process id or its file; with --member to a member of this machine.',
    )
    .argument('<pid|name>', 'process id or file name of a program, or the name of a member')
    .option('-s, --signal <name>', 'TERM, KILL, INT, STOP (suspend) or CONT (resume)', signalNamed, 'SIGTERM')
    .option('--member', 'a member instead of a program')
    .addHelpText(
      'after',
      examples(
        ['cardumen kill 4242', 'ask the program to end'],
        ['cardumen kill job.ts --signal STOP', 'suspend it; CONT resumes'],
        ['cardumen kill m2 --member --signal KILL', 'see what happens when a member dies'],
      ),
    )
  return { command, act }
}

async function act(options: Options, wanted: Operand): Promise<number> {
  const { joinExisting, refuseIfEmpty } = await import('../joined.ts')
  await using system = await joinExisting(options, 'kill')
  refuseIfEmpty(system)
  const name = String(wanted)
  print(
    options.member === true
      ? await signalMember(system, name, options.signal)
      : await signalProgram(system, name, options.signal),
  )
  return exitCode.ok
}

async function signalProgram(system: System, wanted: string, name: SignalName): Promise<string> {
  const { findProgram, programName, programsOf } = await import('../programs.ts')
  const { Process } = await import('../../servers/run/interface.ts')
  const program = findProgram(await programsOf(system), wanted)
  await system.open(Process, program.process).signal({ name })
  return `${name} sent to ${programName(program)} (pid ${program.info.pid}) on ${program.memberId}.`
}

/** By the operating system, not by a call: a member that does not answer is the one to be killed. */
async function signalMember(system: System, wanted: string, name: SignalName): Promise<string> {
  const { hostname } = await import('node:os')
  const { CardumenError } = await import('../../lib/cardumen-error.ts')
  const { livingDaemons } = await import('../../daemon-records.ts')
  const { membersOf } = await import('../joined.ts')
  const entry = membersOf(system).find((member) => member.id === wanted)
  if (entry !== undefined && entry.host !== hostname()) {
    throw new CardumenError('option-invalid', `${wanted} is on ${entry.host}.`, { hint: 'Run the command there.' })
  }
  // One that was stopped for long is no member any more, but still a process.
  const pid = entry?.pid ?? livingDaemons(system.stateFolder).find((daemon) => daemon.name === wanted)?.pid
  if (pid === undefined)
    throw new CardumenError('name-unknown', `No member is named "${wanted}".`, {
      hint: '"cardumen status" lists them.',
    })
  process.kill(pid, name)
  return `${name} sent to ${wanted} (pid ${pid}).`
}

function signalNamed(text: string): SignalName {
  const signal = signals[text.toUpperCase().replace(/^SIG/, '')]
  if (signal !== undefined) return signal
  throw new InvalidArgumentError('It is one of TERM, KILL, INT, STOP, CONT.')
}
