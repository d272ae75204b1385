/**
 * The program of a `Process`: hears what to run, runs it, and says how it ended.
 *
 * It ends as any Node program does, when nothing keeps it alive; the socket to its parent does not, except while the last
 * word is on its way. An error that nobody catches ends it as it ends any program: Node prints it, we put the name before it.
 */
import { Socket } from 'node:net'
import process from 'node:process'
import { Worker } from 'node:worker_threads'
import { siblingModule } from '../../host/sibling-module.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'
import { unpackArguments } from '../travel/arguments.ts'
import { nameCurrentProcess } from './current-process.ts'
import { MessageReader, writeMessage } from './process-messages.ts'
import type { Notice, Order } from './process-messages.ts'
import { packError } from '../travel/travelling-error.ts'
import { checkTravels } from './travelling-value.ts'

const lifelineDescriptor = 3
const channelDescriptor = 4
const failureCode = 1

watchParent()
const channel = new Socket({ fd: channelDescriptor, readable: true, writable: true })
channel.on('error', () => undefined)
const reader = new MessageReader()
channel.on('data', (chunk: Buffer) => {
  for (const order of reader.push(chunk)) void carryOut(order as Order)
})

function watchParent(): void {
  const watch = new Worker(siblingModule(import.meta.url, 'parent-watch-main'), {
    name: 'parent watch',
    workerData: { descriptor: lifelineDescriptor },
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
  })
  watch.unref()
}

async function carryOut(order: Order): Promise<void> {
  channel.unref()
  nameCurrentProcess(order.name)
  process.on('uncaughtExceptionMonitor', (error) => {
    if (process.listenerCount('uncaughtException') > 0) return
    process.stderr.write(
      `cardumen: process "${order.name}" (pid ${process.pid}) ends by an error that nobody caught:\n`,
    )
    channel.write(writeMessage({ kind: 'unhandled', error: packError(error) } satisfies Notice, 'The error'))
  })
  const notice = await run(order)
  if (notice.kind !== 'returned') process.exitCode = failureCode
  channel.ref()
  // The socket stays open, for an error that nobody catches may still come.
  channel.write(lastWord(notice), () => channel.unref())
}

async function run({ module, functionName, args }: Order): Promise<Notice> {
  let exports: Readonly<Record<string, unknown>>
  try {
    exports = (await import(module)) as Readonly<Record<string, unknown>>
  } catch (error) {
    const { message } = packError(error)
    return refused(new CardumenError('module-failed', `${module} could not be loaded: ${message}`, { cause: error }))
  }
  const target = Object.hasOwn(exports, functionName) ? exports[functionName] : undefined
  if (typeof target !== 'function')
    return refused(new CardumenError('function-unknown', `${module} exports no function ${functionName}.`))
  try {
    return { kind: 'returned', value: await (Reflect.apply(target, undefined, await unpackArguments(args)) as unknown) }
  } catch (error) {
    return { kind: 'threw', error: packError(error) }
  }
}

function refused(error: CardumenError): Notice {
  return { kind: 'refused', code: error.code, error: packError(error) }
}

function lastWord(notice: Notice): Buffer {
  try {
    if (notice.kind === 'returned') checkTravels(notice.value, 'the result')
    return writeMessage(notice, 'The result')
  } catch (error) {
    process.exitCode = failureCode
    return writeMessage(refused(error as CardumenError), 'The refusal')
  }
}
