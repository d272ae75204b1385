/**
 * The service thread of a process: starts threads, sees them end, answers the others.
 *
 * It never blocks and survives every message, since all threads of the process are its workers and end with it. Threads speak to
 * it over a port each; workers that the program started itself over a broadcast channel.
 */
import { BroadcastChannel, workerData } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import { becomeParty, partyState, partyStateOf, takeOverParty } from '../memory/parties.ts'
import { buryParty } from './dead-party.ts'
import { type Operation, operations } from './service-operations.ts'
import { ServiceLine } from './service-line.ts'
import { printError } from './standard-error.ts'
import { ThreadTable } from './thread-table.ts'
import {
  type Broadcast,
  type FromService,
  type ServiceData,
  serviceChannelName,
  type ToService,
} from './thread-messages.ts'

const { party, mainParty, port } = workerData as ServiceData
/** A program that ends sooner does not pay the 50 ms that it takes to listen; `cardumen threads` reaches all others. */
const homeAfterMs = 1_000
/** Workers of the program's own that may speak to the service; of those that spoke longest ago the line is forgotten. */
const broadcastLinesMax = 256
const broadcastLines = new Map<string, ServiceLine>()
const loadedOperations = new Map<string, Operation>()

process.on('uncaughtException', report)
becomeParty(party)
const mainLine = lineOver(port, mainParty)
const threads = new ThreadTable({
  openLine: lineOver,
  onMessage: (line, message) => receive(line, message),
  onLiveChange: (count, startsSeen) => mainLine.post({ kind: 'live', count, startsSeen }),
  mainParty,
})
port.on('message', (message: ToService) => receive(mainLine, message))
const channel = new BroadcastChannel(serviceChannelName)
channel.onmessage = (event: unknown) => onBroadcast((event as MessageEvent).data as Broadcast)
setTimeout(openHome, homeAfterMs).unref()

function openHome(): void {
  import('../processes/service-operations.ts')
    .then((processes) => processes.openHome())
    // Where nothing can be written, nobody is reached: whoever hands something to a process hears of it.
    .catch(() => undefined)
}

function receive(line: ServiceLine, message: ToService): void {
  try {
    onMessage(line, message)
  } catch (error) {
    report(error)
  }
}

function onMessage(line: ServiceLine, message: ToService): void {
  switch (message.kind) {
    case 'start':
      return threads.start(message.start, line.party)
    case 'keep':
      return threads.keep(message.thread)
    case 'release':
      return threads.release(message.thread)
    case 'hear-errors':
      return threads.hearErrors(line, message.isOn)
    case 'adopt':
      return adopt(message.party, message.port)
    case 'ask':
      return void line.onAsk(message)
    case 'withdraw':
      return line.withdraw(message.ask)
    case 'ended':
      return
  }
}

/** A worker that another thread started: it speaks to us as a Thread does, and ends when its port closes. */
function adopt(of: number, over: MessagePort): void {
  takeOverParty(of)
  const line = lineOver(over, of)
  over.on('message', (message: ToService) => receive(line, message))
  over.on('close', () => {
    line.close()
    threads.releaseAllOf(of)
    const hasDied = partyStateOf(of) !== partyState.ended
    buryParty(of, hasDied)
  })
}

async function find(name: string): Promise<Operation | undefined> {
  const known = threads.operation(name) ?? loadedOperations.get(name)
  if (known !== undefined) return known
  const load = Object.hasOwn(operations, name) ? operations[name] : undefined
  if (load === undefined) return undefined
  const operation = await load()
  loadedOperations.set(name, operation)
  return operation
}

function lineOver(to: MessagePort, of: number): ServiceLine {
  return new ServiceLine({ party: of, post: (message) => to.postMessage(message), find })
}

function onBroadcast({ from, party: of, message }: Broadcast): void {
  let line = broadcastLines.get(from)
  line ??= new ServiceLine({ party: of, post: (answer) => postOver(from, answer), find })
  broadcastLines.delete(from)
  broadcastLines.set(from, line)
  const [oldest] = broadcastLines.keys()
  if (broadcastLines.size > broadcastLinesMax && oldest !== undefined) broadcastLines.delete(oldest)
  receive(line, message)
}

function postOver(to: string, message: FromService): void {
  const answers = new BroadcastChannel(to)
  answers.postMessage(message)
  answers.close()
}

/** A fault of ours: said, and survived. */
function report(error: unknown): void {
  const text = error instanceof Error ? error.stack : String(error)
  void printError(`cardumen: a fault in the service thread: ${text}\n`)
}
