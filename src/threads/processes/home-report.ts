/**
 * Asking other processes of this user what their threads hold and wait for, as `cardumen threads` does.
 *
 * Their service threads answer, whatever their other threads are busy with. What comes is from a program of this user, and is
 * shown as it is.
 */
import { connect } from 'node:net'
import process from 'node:process'
import { CardumenError, isCardumenError } from '../../lib/cardumen-error.ts'
import type { ThreadsReport } from '../deadlock/threads-report.ts'
import { asThreadsReport } from '../deadlock/told-report.ts'
import { homeAddressesOf, homeAddressOf } from './home-address.ts'
import { within } from './deadline.ts'
import { type FromHome, homeFrameBytesMax, type HomeReference } from './home-messages.ts'
import { MessageReader, writeMessage } from './process-messages.ts'
import { unpackError } from '../travel/travelling-error.ts'

/** A process that is stopped says nothing. */
const reportMsMax = 3_000
/** Where many are asked and one may be silent. */
const listedMsMax = 1_000

/** Of a process that did not answer in time there is no report. */
export interface ListedProcess {
  readonly pid: number
  readonly report: ThreadsReport | undefined
}

/**
 * The report of a process of this user.
 * @throws CardumenError `process-unknown` where there is none that tells of threads, `timed-out` where it does not answer
 */
export async function reportOfProcess(pid: number): Promise<ThreadsReport> {
  const home = await homeAddressOf(pid)
  if (home === undefined) throw unknown(pid)
  try {
    return await within(ask(home), `process ${pid} to tell of its threads`, { timeoutMs: reportMsMax })
  } catch (error) {
    if (isCardumenError(error, 'timed-out')) throw silent(pid)
    throw isCardumenError(error) ? error : unknown(pid)
  }
}

/** All processes of this user that tell of threads, by their numbers. */
export async function reportsOfProcesses(): Promise<readonly ListedProcess[]> {
  // The oldest first, so that of two of one number the newest stays.
  const homes = new Map((await homeAddressesOf()).toReversed().map((home) => [home.pid, home]))
  const listed = await Promise.all([...homes.values()].map(listedProcess))
  return listed.filter((each) => each !== undefined).toSorted((left, right) => left.pid - right.pid)
}

async function listedProcess(home: HomeReference): Promise<ListedProcess | undefined> {
  const { pid } = home
  try {
    return { pid, report: await within(ask(home), `process ${pid}`, { timeoutMs: listedMsMax }) }
  } catch (error) {
    // A connection that is refused: its process has ended and left its socket.
    return isCardumenError(error, 'timed-out') ? { pid, report: undefined } : undefined
  }
}

async function ask(home: HomeReference): Promise<ThreadsReport> {
  const socket = connect(home.socketPath)
  const reader = new MessageReader(homeFrameBytesMax)
  const { promise, resolve, reject } = Promise.withResolvers<ThreadsReport>()
  socket.on('data', (bytes: Buffer) => {
    try {
      for (const answer of reader.push(bytes)) resolve(reportIn(answer as FromHome))
    } catch (error) {
      reject(noReport(home.pid, error))
    }
  })
  socket.once('error', reject)
  socket.once('close', () => reject(new Error('it hung up')))
  socket.write(home.secret)
  socket.write(writeMessage({ kind: 'report', id: 1 }, 'The question', homeFrameBytesMax))
  try {
    return await promise
  } finally {
    socket.destroy()
  }
}

/** @throws whatever comes of an answer that is none */
function reportIn(answer: FromHome): ThreadsReport {
  if (answer.kind !== 'answer') throw unpackError(answer.error)
  const report = asThreadsReport(answer.value)
  if (report === undefined) throw new TypeError('This is no report.')
  return report
}

function noReport(pid: number, cause: unknown): CardumenError {
  return new CardumenError('input-refused', `What process ${pid} tells of its threads makes no sense.`, {
    cause,
    hint: 'It may run another version of cardumen: ask it with the command of that one.',
  })
}

function silent(pid: number): CardumenError {
  return new CardumenError('timed-out', `Process ${pid} did not tell of its threads within ${reportMsMax} ms.`, {
    hint: 'It may be stopped: "kill -CONT" lets it go on.',
  })
}

function unknown(pid: number): CardumenError {
  const [text, hint] = stateOf(pid)
  return new CardumenError('process-unknown', text, { hint })
}

/** A signal of 0 is none: it only says whether one could be sent. */
function stateOf(pid: number): readonly [text: string, hint: string] {
  const list = '"cardumen threads" lists those that can be asked.'
  try {
    process.kill(pid, 0)
  } catch (error) {
    const isForeign = (error as NodeJS.ErrnoException).code === 'EPERM'
    return isForeign ? [`Process ${pid} belongs to another user.`, list] : [`There is no process ${pid}.`, list]
  }
  const why = 'It uses no Thread or Process of cardumen/threads, or has begun to within the last second.'
  return [`Process ${pid} tells of no threads.`, why]
}
