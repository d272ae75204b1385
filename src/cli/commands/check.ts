/**
 * `cardumen check`: whether a recorded history keeps what a consistency promises of an object.
 *
 * Everything is decided by `src/sim/checkers/`; this reads the file in pieces, tells the verdict, and writes the
 * picture of what is broken. It joins no system.
 */
import { Command, Option } from 'commander'
import type { ConsistencyName } from '../../sim/checkers/check-consistency.ts'
import type { Model, ModelName } from '../../sim/checkers/models/model.ts'
import type { Operation } from '../../sim/checkers/operation.ts'
import type { Verdict } from '../../sim/checkers/verdict.ts'
import type { CommandFace, Operand } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import { type StandardOptions, examples } from '../standard-options.ts'
import { note, print, styled } from '../terminal.ts'
import { counted } from '../units.ts'

interface Options extends StandardOptions {
  readonly model: ModelName
  readonly consistency: ConsistencyName
  readonly html?: string
  readonly json?: boolean
}

const modelChoices: readonly ModelName[] = ['register', 'kv', 'queue', 'lock', 'fifo', 'counter']
const consistencyChoices: readonly ConsistencyName[] = ['linearizable', 'sequential', 'causal', 'pram', 'eventual']

export function checkCommand(): CommandFace<Options> {
  const command = new Command('check')
    .summary('check a recorded history against a model')
    .description(
      'Says whether a history (a line of JSON for each invocation and each completion, as Jepsen’s tools write it) is one that the model allows.\nWhat is broken is shown with the smallest part that is broken by itself, as text and as an HTML picture.',
    )
    .argument('<file>', 'the history; - reads it from the input')
    .addOption(new Option('--model <name>', 'what kind of object it is').choices(modelChoices).makeOptionMandatory())
    .addOption(
      new Option('--consistency <name>', 'what is promised').choices(consistencyChoices).default('linearizable'),
    )
    .option('--html <file>', 'where the picture goes (default: beside the history, as <file>.violation.html)')
    .option('--json', 'print the verdict as JSON')
    .addHelpText(
      'after',
      `${examples(
        ['cardumen check --model kv history.jsonl', 'is it linearizable?'],
        ['cardumen check --model register --consistency causal -', 'read from the input'],
      )}\n\nExit codes: 0 it holds, 1 it is broken, 2 the history cannot be used or was not decided.`,
    )
  return { command, act }
}

async function act(options: Options, file: Operand): Promise<number> {
  const { modelNamed } = await import('../../sim/checkers/models/model-named.ts')
  const { checkConsistency } = await import('../../sim/checkers/check-consistency.ts')
  const { CardumenError } = await import('../../lib/cardumen-error.ts')
  const path = String(file)
  const model = modelNamed(options.model)
  if (model === undefined) throw new CardumenError('option-invalid', `There is no model "${options.model}".`)
  const history = await historyOf(path, model)
  const verdict = await checked(options, history, (onProgress) =>
    checkConsistency(options.consistency, history, model, { onProgress }),
  )
  const picture = await writePicture(verdict, options.html, path)
  if (options.json === true) print(JSON.stringify(jsonOf(verdict, history, options, picture)))
  else tell(verdict, history, options, picture)
  return verdict.holds === true ? exitCode.ok : verdict.holds === false ? exitCode.failed : exitCode.usage
}

async function checked(
  options: Options,
  history: readonly Operation[],
  check: (onProgress: (done: number) => void) => Verdict,
): Promise<Verdict> {
  const { ProgressBar } = await import('../progress-bar.ts')
  using bar = new ProgressBar(`${options.consistency}?`, history.length)
  return check((done) => bar.advanceTo(done))
}

async function historyOf(path: string, model: Model): Promise<readonly Operation[]> {
  const { createReadStream } = await import('node:fs')
  const { default: process } = await import('node:process')
  const { HistoryReader } = await import('../../sim/checkers/history.ts')
  const { CardumenError, isCardumenError } = await import('../../lib/cardumen-error.ts')
  const hint = 'Give a file of JSON lines, or - for the input.'
  const reader = new HistoryReader(model)
  const stream = path === '-' ? process.stdin : createReadStream(path)
  stream.setEncoding('utf8')
  try {
    for await (const text of stream) reader.addText(String(text))
  } catch (error) {
    if (isCardumenError(error)) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new CardumenError('history-invalid', `The history cannot be read: ${reason}.`, {
      cause: error,
      hint,
    })
  }
  const history = reader.end()
  if (history.length === 0)
    throw new CardumenError('history-invalid', 'The history has no operation to judge.', { hint })
  return history
}

/** Where it was written; undefined: there is nothing to draw, or no file to put it beside. */
async function writePicture(verdict: Verdict, asked: string | undefined, path: string): Promise<string | undefined> {
  const target = asked ?? (path === '-' ? undefined : `${path}.violation.html`)
  if (verdict.holds !== false || target === undefined) return undefined
  const { violationPicture } = await import('../../sim/checkers/violation-picture.ts')
  const { writeFile } = await import('node:fs/promises')
  try {
    await writeFile(target, violationPicture(verdict, path === '-' ? 'the input' : path))
    return target
  } catch (error) {
    note(`The picture could not be written: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}

function tell(verdict: Verdict, history: readonly Operation[], options: Options, picture: string | undefined): void {
  const what = `${counted(history.length, 'operation')} of a ${options.model}`
  if (verdict.holds === true) return print(`${styled('green', 'holds:')} ${what}, ${options.consistency}`)
  if (verdict.holds === undefined)
    return note(`${styled('yellow', 'not decided:')} ${what}, ${options.consistency}. ${verdict.text}`)
  print(`${styled('red', 'broken:')} ${what}, ${options.consistency}\n\n${printable(verdict.text)}`)
  if (picture !== undefined) print(`\nPicture: ${picture}`)
}

/** A history may hold what a terminal would obey. */
function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what must not reach a terminal
  return text.replaceAll(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F]/g, '\uFFFD')
}

function jsonOf(
  verdict: Verdict,
  history: readonly Operation[],
  options: Options,
  picture: string | undefined,
): object {
  const { model, consistency } = options
  const head = { holds: verdict.holds ?? null, model, consistency, operations: history.length }
  if (verdict.holds === true) return head
  if (verdict.holds === undefined) return { ...head, text: verdict.text }
  return {
    ...head,
    text: verdict.text,
    part: verdict.part ?? [],
    culprit: verdict.culprit ?? null,
    picture: picture ?? null,
  }
}
