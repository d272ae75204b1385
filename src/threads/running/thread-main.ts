/**
 * The program of a `Thread`: becomes the party that it was entered as, loads the module, runs the function, says how it ended.
 *
 * It ends when its function has ended, whatever timers or sockets that left behind, as threads do elsewhere. It loads as few
 * modules as it can, since every thread pays for them.
 */
import process from 'node:process'
import { MessagePort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { becomeParty } from '../memory/parties.ts'
import { packError } from '../travel/travelling-error.ts'
import { loadUnpackers, packArguments, type PackedArguments, unpackArguments } from '../travel/arguments.ts'
import { useDirectOutput } from './direct-output.ts'
import { maySynchronouslyUnpack, setOwnPort } from './own-line.ts'
import type { Outcome, ThreadData, ToService } from './thread-messages.ts'

type Exports = Readonly<Record<string, unknown>>
type Body = new (...args: readonly unknown[]) => { run(): unknown }

const { start, port } = workerData as ThreadData

useDirectOutput()
becomeParty(start.party)
setOwnPort(port)
process.on('uncaughtExceptionMonitor', onUncaught)
// Nothing is left that could settle what the function waits for.
process.once('beforeExit', () =>
  end({ kind: 'exited', how: 'waits for something that can never come', isReported: true }),
)
void run().then(end)

async function run(): Promise<Outcome> {
  let target: unknown
  let args: unknown[]
  try {
    target = await load()
    args = await takeArguments()
    if (maySynchronouslyUnpack()) await loadUnpackers()
  } catch (error) {
    return { kind: 'refused', error: packError(error) }
  }
  try {
    return returned(await call(target as (...given: readonly unknown[]) => unknown, args))
  } catch (error) {
    return { kind: 'threw', error: packError(error) }
  }
}

async function load(): Promise<unknown> {
  const { module, functionName } = start
  const exports = await imported(module)
  const target = Object.hasOwn(exports, functionName) ? exports[functionName] : undefined
  if (typeof target !== 'function')
    throw new CardumenError('function-unknown', `${module} exports no function ${functionName}.`)
  if (isBody(target) || !isClass(target)) return target
  throw new CardumenError('function-unknown', `${functionName} of ${module} is a class without a method run.`)
}

async function imported(module: string): Promise<Exports> {
  try {
    return (await import(module)) as Exports
  } catch (cause) {
    const { name, message } = packError(cause)
    throw new CardumenError('module-failed', `${module} could not be loaded: ${name}: ${message}`, { cause })
  }
}

async function takeArguments(): Promise<unknown[]> {
  const { args } = start
  if (!isPort(args)) return unpackArguments(args)
  const received = receiveMessageOnPort(args) as { message: PackedArguments } | undefined
  args.close()
  if (received === undefined)
    throw new CardumenError('cannot-travel', `The arguments of thread "${start.name}" were lost.`)
  return unpackArguments(received.message)
}

function isPort(args: MessagePort | PackedArguments): args is MessagePort {
  return args instanceof MessagePort
}

/** A class with `run` is the body of a thread: it is made here, and run. */
function call(target: (...given: readonly unknown[]) => unknown, args: readonly unknown[]): unknown {
  return isBody(target) ? new target(...args).run() : Reflect.apply(target, undefined, args)
}

function isBody(target: object): target is Body {
  const prototype: unknown = Reflect.get(target, 'prototype')
  return typeof prototype === 'object' && prototype !== null && 'run' in prototype
}

function isClass(target: object): boolean {
  return Function.prototype.toString.call(target).startsWith('class')
}

function returned(value: unknown): Outcome {
  try {
    return { kind: 'returned', value: packArguments([value], { what: () => 'the result' }) }
  } catch (error) {
    return { kind: 'refused', error: packError(error) }
  }
}

function onUncaught(error: unknown): void {
  if (process.listenerCount('uncaughtException') === 0)
    say({ kind: 'ended', outcome: { kind: 'threw', error: packError(error) } })
}

function end(outcome: Outcome): void {
  try {
    say({ kind: 'ended', outcome })
  } catch (cause) {
    const text = packError(cause).message
    const refusal = new CardumenError('cannot-travel', `the result cannot go to another thread: ${text}`, { cause })
    say({ kind: 'ended', outcome: { kind: 'refused', error: packError(refusal) } })
  }
  process.exit()
}

function say(message: ToService): void {
  port.postMessage(message)
}
