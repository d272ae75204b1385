/**
 * `cardumen call`: calls an operation of a service, or of an object that a path or a capability names, with JSON in and
 * JSON out.
 *
 * The command knows no schema: the server checks the argument, and says what is wrong with it.
 */
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { Command } from 'commander'
import type { CallOptions } from '../../kernel/service.ts'
import type { System } from '../../servers/system.ts'
import type { CommandFace, Operand } from '../command.ts'
import { type StandardOptions, examples, milliseconds } from '../standard-options.ts'
import { exitCode } from '../exit-code.ts'
import { targetHelp } from '../target-help.ts'
import { print } from '../terminal.ts'

interface Options extends StandardOptions {
  readonly stream?: boolean
  readonly timeout?: number
  readonly text?: boolean
}

const timeoutMsDefault = 30_000
const indentation = 2

export function callCommand(): CommandFace<Options> {
  const command = new Command('call')
    .summary('call an operation of a service')
    .description(
      'Calls an operation of TARGET, mostly the name of a service. The argument is JSON; "-" reads it from stdin.\nThe result is printed as JSON; those of a stream one on each line.',
    )
    .argument('<target>', 'name of a service, path or capability')
    .argument('<operation>', 'operation of the service')
    .argument('[json]', 'argument; left out where it takes none')
    .option('--text', 'print capabilities in results as the secret texts that they are')
    .option('--stream', 'the operation gives many results')
    .option('--timeout <time>', 'how long to wait (default: 30s, for ever with --stream)', milliseconds)
    .addHelpText(
      'after',
      targetHelp +
        '\n' +
        examples(
          ['cardumen call member.m1 status', 'ask a member how it is'],
          [`cardumen call greeter greet '{"who":"you"}'`, 'with an argument'],
          ['cardumen call counter countTo 10 --stream', 'a line for each result'],
          ['cardumen call greeter greet - < who.json', 'the argument from a file'],
          ['cardumen call /services/mail send', 'what a path leads to'],
        ),
    )
  return { command, act }
}

async function act(options: Options, given: Operand, operation: Operand, json: Operand): Promise<number> {
  const input = await inputOf(json === undefined ? undefined : String(json))
  const { joinExisting, refuseIfEmpty } = await import('../joined.ts')
  const { Interruption } = await import('../interruption.ts')
  using interruption = new Interruption()
  await using system = await joinExisting(options, 'call')
  refuseIfEmpty(system)
  const target = { name: String(given), operation: String(operation), input, withSecrets: options.text === true }
  try {
    const callOptions: CallOptions = { timeoutMs: timeoutOf(options), signal: interruption.signal }
    await (options.stream === true
      ? printStream(system, target, callOptions)
      : printResult(system, target, callOptions))
    return exitCode.ok
  } catch (error) {
    if (interruption.signal.aborted) return interruption.exitCode
    throw await explained(error, system, target)
  }
}

interface CallTarget {
  readonly name: string
  readonly operation: string
  readonly input: unknown
  readonly withSecrets: boolean
}

/** Neither argument nor result has a schema here, so the client's type knows nothing of them. */
async function clientOf(
  system: System,
  { name, operation }: CallTarget,
  stream: boolean,
): Promise<(input: unknown, options: CallOptions) => unknown> {
  const { defineService } = await import('../../kernel/service.ts')
  const { clientTargetOf, isName } = await import('../target.ts')
  const service = defineService(isName(name) ? name.slice(0, 64) : 'object', {
    [operation]: stream ? { stream: true } : {},
  })
  const call = system.open(service, await clientTargetOf(system, name))[operation]
  return call as unknown as (input: unknown, options: CallOptions) => unknown
}

async function printResult(system: System, target: CallTarget, options: CallOptions): Promise<void> {
  const { jsonOf } = await import('../json-text.ts')
  const call = await clientOf(system, target, false)
  const { withSecrets } = target
  const result = await call(target.input, options)
  print(jsonOf(result, { withSecrets, indentation: process.stdout.isTTY ? indentation : undefined }))
}

async function printStream(system: System, target: CallTarget, options: CallOptions): Promise<void> {
  const { jsonOf } = await import('../json-text.ts')
  const call = await clientOf(system, target, true)
  for await (const item of call(target.input, options) as AsyncIterable<unknown>) {
    print(jsonOf(item, { withSecrets: target.withSecrets }))
  }
}

function timeoutOf({ stream, timeout }: Options): number {
  return timeout ?? (stream === true ? Number.POSITIVE_INFINITY : timeoutMsDefault)
}

async function inputOf(given: string | undefined): Promise<unknown> {
  if (given === undefined) return undefined
  const source = given === '-' ? await text(process.stdin) : given
  try {
    return JSON.parse(source) as unknown
  } catch (cause) {
    const { CardumenError } = await import('../../lib/cardumen-error.ts')
    const hint = `Quote it for the shell: '{"who":"you"}', or '"you"' for a text.`
    throw new CardumenError(
      'option-invalid',
      `The argument is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause, hint },
    )
  }
}

/** The same error with a next step that only this command can name. */
async function explained(error: unknown, system: System, { name }: CallTarget): Promise<unknown> {
  const { CardumenError, isCardumenError } = await import('../../lib/cardumen-error.ts')
  const withHint = (from: InstanceType<typeof CardumenError>, hint: string): unknown =>
    new CardumenError(from.code, from.message, { executed: from.executed, cause: from.cause, hint })
  const { isName } = await import('../target.ts')
  if (isCardumenError(error, 'name-unknown') && isName(name)) {
    const { namesOf } = await import('../joined.ts')
    const names = namesOf(system).filter((each) => each !== name)
    return withHint(error, names.length === 0 ? 'Nobody serves anything.' : `Names in use: ${names.join(', ')}`)
  }
  if (isCardumenError(error, 'timed-out'))
    return withHint(error, 'Wait longer with --timeout; if it gives many results, add --stream.')
  return error
}
