/**
 * `cardumen doctor`: looks whether this machine has what members need, and says what to do where it has not.
 *
 * The checks stand in `doctor-checks.ts`; this prints each as soon as it is done, and fails where one of them does.
 */
import { Command } from 'commander'
import type { CommandFace } from '../command.ts'
import { type StandardOptions, examples } from '../standard-options.ts'
import type { Finding } from '../doctor-checks.ts'
import { exitCode } from '../exit-code.ts'
import { print, type Style, styled } from '../terminal.ts'

interface Options extends StandardOptions {
  readonly json?: boolean
}

const styles: Readonly<Record<Finding['result'], Style>> = { ok: 'green', warn: 'yellow', fail: 'red' }

export function doctorCommand(): CommandFace<Options> {
  const command = new Command('doctor')
    .summary('check this machine and the state folder')
    .description(
      'Checks Node, the state folder and its disk, sockets, members, logs, the clock, memory and cores.\nEnds with 1 where a check fails; warnings are no failure.',
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        ['cardumen doctor', 'a line for each check'],
        ['cardumen doctor --home /mnt/fast/state', 'would that folder do?'],
      ),
    )
  return { command, act }
}

async function act(options: Options): Promise<number> {
  const { findings } = await import('../doctor-checks.ts')
  const found: Finding[] = []
  for await (const finding of findings(options)) {
    found.push(finding)
    if (options.json !== true) tell(finding)
  }
  if (options.json === true) print(JSON.stringify(found))
  return found.some((finding) => finding.result === 'fail') ? exitCode.failed : exitCode.ok
}

function tell({ check, result, detail, next }: Finding): void {
  print(`${styled(styles[result], result.padEnd(4))}  ${styled('bold', check)}: ${detail}`)
  if (next !== undefined) print(`      ${styled('dim', 'next:')} ${next}`)
}
