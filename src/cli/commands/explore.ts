/**
 * `cardumen explore`: goes through everything that can happen to a protocol, within bounds, and shows what breaks it.
 *
 * The search runs in this process and needs no member; `src/sim/explorer/` has it. A counterexample is printed as a list
 * of what happens and as a diagram, and saved where a file is named.
 */
import { writeFile } from 'node:fs/promises'
import { performance } from 'node:perf_hooks'
import process from 'node:process'
import { Command } from 'commander'
import type { Bounds, ExplorationResult } from '../../sim/explorer/exploration.ts'
import type { Settings } from '../../sim/explorer/saved-schedule.ts'
import type { CommandFace, Operand } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import { examples, type StandardOptions, wholeNumber } from '../standard-options.ts'
import { note, print, styled } from '../terminal.ts'
import { counted } from '../units.ts'

interface Options extends StandardOptions {
  readonly members?: number
  readonly losses?: number
  readonly duplicates?: number
  readonly crashes?: number
  readonly timers?: number
  readonly states?: number
  readonly depth?: number
  readonly exact?: boolean
  readonly save?: string
  readonly json?: boolean
}

const faultsMax = 100
const statesMax = 50_000_000
const diagramColumns = 120

export function exploreCommand(): CommandFace<Options> {
  const faults = wholeNumber(0, faultsMax)
  const command = new Command('explore')
    .summary('search everything that can happen to a protocol')
    .description(
      'Goes through all orders of messages, timers, losses, copies and crashes within bounds, and checks each state.\nPrints a shortest counterexample and ends with 1 where something is violated. Without MODEL it lists the models.',
    )
    .argument('[model]', 'which one')
    .option('--members <number>', 'how many members', wholeNumber(1, faultsMax))
    .option('--losses <number>', 'messages that may be lost', faults)
    .option('--duplicates <number>', 'messages that may come twice', faults)
    .option('--crashes <number>', 'members that may crash', faults)
    .option('--timers <number>', 'timers that may fire', faults)
    .option('--states <number>', 'stop after so many states', wholeNumber(1, statesMax))
    .option('--depth <number>', 'look no further than so many steps', wholeNumber(1, statesMax))
    .option('--exact', 'compare whole states, not hashes of 64 bits')
    .option('--save <file>', 'save a counterexample, for "cardumen simulate --replay"')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        ['cardumen explore', 'list the models'],
        ['cardumen explore token-ring --losses 2', 'with one more loss than usual'],
        ['cardumen explore broken-lock --save lock.jsonl', 'find a bug, and keep the way to it'],
      ),
    )
  return { command, act }
}

async function act(options: Options, name?: Operand): Promise<number> {
  if (typeof name !== 'string') return await listModels(options)
  const { builtInModel } = await import('../../sim/explorer/models/built-in-models.ts')
  const { explore } = await import('../../sim/explorer/explore.ts')
  const { ProgressBar } = await import('../progress-bar.ts')
  const builtIn = builtInModel(name)
  const members = await checkedMembers(options, builtIn.members)
  const bounds = boundsOf(builtIn.bounds, options)
  using bar = new ProgressBar('exploring', bounds.statesMax)
  const result = explore(builtIn.make(members, bounds), {
    nowMs: () => performance.now(),
    isExact: options.exact === true,
    onProgress: (states, depth) => bar.advanceTo(states, `depth ${depth}`),
  })
  bar.clear()
  await tell(name, { members, bounds }, result, options)
  return result.verdict === 'violated' ? exitCode.failed : exitCode.ok
}

async function listModels(options: Options): Promise<number> {
  const { builtInModels } = await import('../../sim/explorer/models/built-in-models.ts')
  const rows = builtInModels.map(({ name, members, bounds, make }) => {
    return { name, about: make(members.usual, bounds).about, members: members.usual, bounds }
  })
  const nameWidth = Math.max(...rows.map(({ name }) => name.length)) + 2
  if (options.json === true) print(JSON.stringify(rows))
  else for (const { name, about } of rows) print(`${styled('bold', name.padEnd(nameWidth))}${about}`)
  return exitCode.ok
}

async function checkedMembers(
  { members }: Options,
  range: { min: number; usual: number; max: number },
): Promise<number> {
  if (members === undefined) return range.usual
  if (members >= range.min && members <= range.max) return members
  const { CardumenError } = await import('../../lib/cardumen-error.ts')
  throw new CardumenError('option-invalid', `This model has ${range.min} to ${range.max} members, not ${members}.`)
}

function boundsOf(usual: Bounds, options: Options): Bounds {
  return {
    ...usual,
    lossesMax: options.losses ?? usual.lossesMax,
    duplicatesMax: options.duplicates ?? usual.duplicatesMax,
    crashesMax: options.crashes ?? usual.crashesMax,
    timerFiringsMax: options.timers ?? usual.timerFiringsMax,
    statesMax: options.states ?? usual.statesMax,
    depthMax: options.depth ?? usual.depthMax,
  }
}

/** Saved first: who reads only the beginning of what is printed closes the pipe, and the process ends there. */
async function tell(model: string, settings: Settings, result: ExplorationResult, options: Options): Promise<void> {
  const saved = options.save === undefined ? undefined : await save(options.save, model, settings, result)
  if (options.json === true) print(JSON.stringify({ model, ...settings, ...result }))
  else await show(settings, result)
  if (saved !== undefined) note(saved)
}

async function show(settings: Settings, result: ExplorationResult): Promise<void> {
  const { states, edges, depth, ms, counterexample } = result
  print(verdictText(result))
  print(`${counted(states, 'state')}, ${counted(edges, 'edge')}, depth ${depth}, ${(ms / 1_000).toFixed(1)} s`)
  print(styled('dim', `with ${limitsText(settings)}`))
  if (counterexample === undefined) return
  const { choiceText } = await import('../../sim/explorer/choices.ts')
  const { spaceTimeText } = await import('../../sim/traces/space-time-text.ts')
  print('')
  counterexample.choices.forEach((choice, index) => print(`${String(index + 1).padStart(4)}  ${choiceText(choice)}`))
  print('')
  print(spaceTimeText(counterexample.events, { width: process.stdout.columns || diagramColumns }).trimEnd())
}

function verdictText({ verdict, cutBy, depth, counterexample }: ExplorationResult): string {
  if (verdict === 'violated')
    return `${styled('red', 'violated')}: ${counterexample?.violation}, after ${counted(depth, 'step')}`
  if (verdict === 'holds') return `${styled('green', 'holds')} in everything that can happen within the bounds`
  return `${styled('yellow', 'bounded')}: no violation in what was seen, but not everything was seen (${cutBy.join(', ')})`
}

function limitsText({ members, bounds }: Settings): string {
  const { lossesMax, duplicatesMax, crashesMax, timerFiringsMax } = bounds
  return [
    counted(members, 'member'),
    counted(lossesMax, 'loss', 'losses'),
    counted(duplicatesMax, 'duplicate'),
    counted(crashesMax, 'crash', 'crashes'),
    counted(timerFiringsMax, 'timer firing'),
  ].join(', ')
}

/** What became of it, in a sentence. */
async function save(file: string, model: string, settings: Settings, result: ExplorationResult): Promise<string> {
  const { counterexample } = result
  if (counterexample === undefined) return 'Nothing is saved, since nothing is violated.'
  const { scheduleHeader } = await import('../../sim/explorer/saved-schedule.ts')
  const { encodeTrace } = await import('../../sim/traces/saved-trace.ts')
  try {
    await writeFile(file, encodeTrace(scheduleHeader(model, settings, counterexample), counterexample.events))
    return `Saved. Step through it: cardumen simulate --replay ${file} --step`
  } catch (error) {
    return `The counterexample could not be saved: ${error instanceof Error ? error.message : String(error)}`
  }
}
