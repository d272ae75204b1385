/**
 * `cardumen simulate`: runs scenarios over seeds, and runs, steps through and exports what was saved of one.
 *
 * This file says what can be asked; `simulate-seeds.ts` searches, `simulate-replay.ts` goes back to a saved run.
 */
import { Command, Option } from 'commander'
import { CardumenError } from '../../lib/cardumen-error.ts'
import type { CommandFace } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import { examples, milliseconds, type StandardOptions, wholeNumber } from '../standard-options.ts'
import { print } from '../terminal.ts'

export interface SimulateCommandOptions extends StandardOptions {
  readonly seed: number
  readonly seeds: number
  readonly members?: number
  readonly duration?: number
  readonly faults: string
  readonly shrink: boolean
  readonly save?: string
  readonly replay?: string
  readonly step?: boolean
  readonly export?: 'shiviz' | 'perfetto' | 'html'
  readonly output?: string
  readonly json?: boolean
}

const seedMax = 2 ** 32 - 1
const seedsMax = 100_000_000
const membersMax = 1_000

export function simulateCommand(): CommandFace<SimulateCommandOptions> {
  const command = new Command('simulate')
    .summary('run a system in a virtual world that a seed decides')
    .description(
      'Runs a scenario over seeds until one breaks a claim; makes that run smaller, saves its trace, and prints the command that\nrepeats it. A scenario is one of ours by its name, or what a file exports (defineScenario of cardumen/simulate).\nWithout arguments it lists ours.',
    )
    .argument('[scenario]', 'name, or path of a .ts, .js or .mjs file')
    .option('--seed <number>', 'the first seed', wholeNumber(0, seedMax), 1)
    .option('--seeds <number>', 'how many, one after the other', wholeNumber(1, seedsMax), 1)
    .option('--members <number>', 'how many members', wholeNumber(1, membersMax))
    .option('--duration <time>', 'virtual time of work and faults', milliseconds)
    .option('--faults <what>', 'swarm (drawn from the seed), none, or a file with a JSON list of faults', 'swarm')
    .option('--no-shrink', 'leave a failing run as large as it is')
    .option('--save <file>', 'where the trace of the run goes; without it only failures are saved')
    .option('--replay <file>', 'a saved trace: run it again')
    .option('--step', 'with --replay: event by event')
    .addOption(
      new Option('--export <kind>', 'with --replay: write the trace in another form').choices([
        'shiviz',
        'perfetto',
        'html',
      ]),
    )
    .option('--output <file>', 'with --export: where to; default: standard output')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        ['cardumen simulate', 'list the scenarios'],
        ['cardumen simulate calls --seeds 100', 'a hundred seeds of one'],
        ['cardumen simulate my-lock.ts --seeds 1000', 'a scenario of your own'],
        ['cardumen simulate --replay run.trace.jsonl --step', 'what happened, one event at a time'],
        ['cardumen simulate --replay run.trace.jsonl --export html --output run.html', 'as a picture'],
      ),
    )
  return { command, act }
}

async function act(options: SimulateCommandOptions, ...operands: readonly unknown[]): Promise<number> {
  const [word] = operands
  checkTogether(word, options)
  if (options.replay !== undefined) {
    const { replay } = await import('../simulate-replay.ts')
    return replay(options.replay, options)
  }
  if (typeof word === 'string') {
    const { runScenario } = await import('../simulate-seeds.ts')
    return runScenario(word, options)
  }
  return listScenarios(options)
}

/** What would be passed over in silence is refused. */
function checkTogether(word: unknown, options: SimulateCommandOptions): void {
  const { replay, step, export: form, output } = options
  const replayOnly = [step === true && '--step', form !== undefined && '--export'].filter((each) => each !== false)
  if (replay === undefined && replayOnly.length > 0) throw refused(`${replayOnly.join(' and ')} needs --replay FILE.`)
  if (replayOnly.length > 1) throw refused('--step shows a trace and --export writes it: give one of them.')
  if (output !== undefined && form === undefined) throw refused('--output needs --export KIND.')
  if (replay !== undefined && word !== undefined)
    throw refused('--replay runs what its file names; leave the scenario out.')
}

function refused(why: string): CardumenError {
  return new CardumenError('option-invalid', why)
}

async function listScenarios(options: SimulateCommandOptions): Promise<number> {
  const { scenarios } = await import('../../sim/scenarios/registry.ts')
  const rows = scenarios.map(({ name, about, members, durationMs, faultKinds }) => ({
    ...{ name, about, members, durationMs, faultKinds },
  }))
  if (options.json === true) print(JSON.stringify(rows))
  else {
    const width = Math.max(...rows.map(({ name }) => name.length))
    for (const { name, about } of rows) print(`${name.padEnd(width)}  ${about}`)
  }
  return exitCode.ok
}
