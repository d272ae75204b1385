/**
 * `cardumen schedule`: plays a workload by a scheduling rule in virtual time, and draws who ran when.
 *
 * The workload is one of ours by its name, or a file of JSON. Nothing has to run for it; what depends on chance depends on the
 * seed.
 */
import { Argument, Command, Option } from 'commander'
import type { Workload } from '../../sim/scheduling/workload.ts'
import type { CommandFace, Operand } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import { examples, type StandardOptions, wholeNumber } from '../standard-options.ts'
import { columnsDefault, print } from '../terminal.ts'

interface Options extends StandardOptions {
  readonly rule?: string
  readonly cores?: number
  readonly quantum?: number
  readonly width?: number
  readonly seed: number
  readonly json?: boolean
}

const ruleChoices = [
  ...['chorus', 'first-come', 'round-robin', 'priority', 'shortest', 'shortest-remaining'],
  ...['feedback', 'lottery', 'stride'],
]
const ours = 'mixed'
const fileBytesMax = 1_048_576

export function scheduleCommand(): CommandFace<Options> {
  const command = new Command('schedule')
    .summary('draw who runs when, by a scheduling rule')
    .description(
      'Plays tasks that compute and wait for devices on the cores of a simulated computer, and draws a Gantt chart: who ran, waited and was blocked, and how\nlong each took. The workload is one of ours (mixed, convoy, threads, shares), or a file of JSON.',
    )
    .addArgument(new Argument('[workload]', 'name, or path of a .json file; - reads the input').default(ours))
    .addOption(new Option('--rule <name>', 'instead of that of the workload').choices(ruleChoices))
    .option('--cores <number>', 'instead of those of the workload', wholeNumber(1, 64))
    .option('--quantum <ms>', 'a turn, instead of that of the workload', wholeNumber(1, 1_000_000))
    .option('--width <columns>', 'of the chart (default: that of the terminal)', wholeNumber(20, 10_000))
    .option('--seed <number>', 'of the lottery', wholeNumber(0, 2 ** 32 - 1), 1)
    .option('--json', 'print the schedule as JSON')
    .addHelpText(
      'after',
      examples(
        ['cardumen schedule', 'a mixed workload, as Chorus schedules it'],
        ['cardumen schedule --rule first-come', 'the same, first come, first served'],
        ['cardumen schedule convoy --rule round-robin', 'short work behind long work'],
        ['cardumen schedule my-tasks.json --cores 2', 'a workload of your own'],
      ),
    )
  return { command, act }
}

async function act(options: Options, operand: Operand): Promise<number> {
  const { playWorkload } = await import('../../sim/scheduling/play-workload.ts')
  const workload = await workloadOf(String(operand ?? ours), options)
  const schedule = playWorkload(workload, options.seed)
  if (options.json === true) {
    const { figuresOf } = await import('../../protocols/scheduling/figures.ts')
    print(JSON.stringify({ rule: workload.rule, ...figuresOf(schedule), stretches: schedule.stretches }))
    return exitCode.ok
  }
  const { default: process } = await import('node:process')
  const { ganttOf } = await import('../../protocols/scheduling/gantt.ts')
  const { rules } = await import('../../protocols/scheduling/rules.ts')
  const { about, starvation } = rules[workload.rule]
  const width = options.width ?? process.stdout.columns ?? columnsDefault
  print(`${workload.rule}: ${about}.\n\n${ganttOf(schedule, { width })}\n\n${starvation}`)
  return exitCode.ok
}

async function workloadOf(word: string, { rule, cores, quantum }: Options): Promise<Workload> {
  const { checkWorkload } = await import('../../sim/scheduling/workload.ts')
  const { textbookWorkload } = await import('../../sim/scheduling/textbook-workloads.ts')
  const isFile = word === '-' || word.endsWith('.json')
  const given = isFile ? await readJson(word) : textbookWorkload(word)
  const instead = {
    ...(rule === undefined ? {} : { rule }),
    ...(cores === undefined ? {} : { cores }),
    ...(quantum === undefined ? {} : { quantumMs: quantum }),
  }
  // What is no object is refused as it is.
  const isObject = typeof given === 'object' && given !== null && !Array.isArray(given)
  return checkWorkload(isObject ? { ...given, ...instead } : given)
}

async function readJson(path: string): Promise<unknown> {
  const { createReadStream } = await import('node:fs')
  const { default: process } = await import('node:process')
  const { CardumenError } = await import('../../lib/cardumen-error.ts')
  const stream = path === '-' ? process.stdin : createReadStream(path)
  stream.setEncoding('utf8')
  let text = ''
  try {
    for await (const piece of stream) {
      text += String(piece)
      if (text.length > fileBytesMax) throw new RangeError(`it is longer than ${fileBytesMax} letters`)
    }
    return JSON.parse(text) as unknown
  } catch (error) {
    const { stripVTControlCharacters } = await import('node:util')
    const message = error instanceof Error ? error.message : String(error)
    // It quotes the file, in which anything may stand.
    const reason = stripVTControlCharacters(message).replaceAll(/\p{Cc}+/gu, ' ')
    throw new CardumenError('option-invalid', `The workload cannot be read: ${reason}.`, {
      cause: error,
      hint: 'Give a file of JSON, or - for the input; docs/scheduling.md has its shape.',
    })
  }
}
