/**
 * The thread that writes: it opens the state file, and from then on commits what the main thread sends, group after
 * group, and looks after leases. A busy loop in the program does not hold it up.
 *
 * One group a turn of the event loop, so that messages and ticks get their turn in between. Whatever arrived while a
 * commit was on its way to the disk makes the next group: the slower the disk, the larger the groups.
 */
import { flushCompileCache } from 'node:module'
import { setPriority } from 'node:os'
import type { DatabaseSync } from 'node:sqlite'
import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads'
import { groupBytesMax, groupRequestsMax, lookingTickMs, writerNiceness } from './bounds.ts'
import { Doorbell, DoorbellListener } from './doorbell.ts'
import { ownHolder } from './holder-liveness.ts'
import { LeaseWatch } from './lease-watch.ts'
import { Leases } from './leases.ts'
import { closeLifeFile, openLifeFile } from './life-file.ts'
import type { Report, Request, RequestedTask, WriterData } from './requests.ts'
import { openForWriting, readSystemId } from './schema.ts'
import { isBusy, openFailureOf } from './sqlite-failure.ts'
import { OpenFile } from './open-file.ts'
import { makeStateFolder, stateFiles, type StateFiles } from './state-folder.ts'
import { Turn } from './turn.ts'
import { Writer, type Task } from './writer.ts'

interface Opened {
  readonly database: DatabaseSync
  readonly systemId: string
}

class WriterThread {
  readonly #port: MessagePort
  readonly #database: DatabaseSync
  readonly #writer: Writer
  readonly #leases: Leases
  readonly #leaseWatch: LeaseWatch
  readonly #turn: Turn
  readonly #bell: Doorbell
  readonly #leaseBell: Doorbell
  readonly #leaseBellListener: DoorbellListener
  readonly #lifeHandle: number
  readonly #file: OpenFile
  #ticker: NodeJS.Timeout | undefined
  /** Bounded by what the main thread may have outstanding. */
  #requested: RequestedTask[] = []
  /** Bounded by the number of leases. */
  #own: Task[] = []
  #isGroupDue = false
  #isClosing = false
  #isClosed = false

  constructor(port: MessagePort, { database, systemId }: Opened, files: StateFiles) {
    this.#port = port
    this.#database = database
    this.#file = new OpenFile(files.database)
    this.#turn = new Turn(files.turn)
    this.#bell = new Doorbell(files.bell)
    this.#leaseBell = new Doorbell(files.leaseBell)
    this.#lifeHandle = openLifeFile(files.folder)
    const own = { ...ownHolder(), lifeHandle: this.#lifeHandle }
    this.#leases = new Leases(database, own, (id) => this.#report({ kind: 'lease-ended', id }))
    this.#writer = new Writer(database, this.#leases, this.#turn, files)
    this.#leaseWatch = new LeaseWatch(database, this.#leases, () => this.#tick())
    this.#leaseBellListener = new DoorbellListener(files.leaseBell, () => this.#tick(), lookingTickMs)
    port.on('message', (requests: readonly Request[]) => this.#onRequests(requests))
    this.#report({ kind: 'ready', systemId })
    this.#tick()
  }

  #onRequests(requests: readonly Request[]): void {
    for (const request of requests) {
      if (request.kind === 'suspect') this.#leaseWatch.suspect(request.id, (task) => this.#addOwn([task]))
      else if (request.kind === 'close') this.#isClosing = true
      else this.#requested.push(request)
    }
    this.#scheduleGroup()
  }

  /** At its time, and at once when leases changed or somebody may have died. */
  #tick(): void {
    if (this.#isClosed) return
    if (this.#file.isLost()) return this.#giveUp()
    if (this.#leaseWatch.hasNews()) this.#report({ kind: 'news' })
    const due = this.#leaseWatch.dueRenewals()
    if (due.length > 0) this.#writer.renew(due)
    this.#addOwn(this.#leaseWatch.dueEndings())
    this.#scheduleTick()
  }

  #scheduleTick(): void {
    clearTimeout(this.#ticker)
    this.#ticker = setTimeout(() => this.#tick(), this.#leaseWatch.nextTickMs())
  }

  #addOwn(tasks: readonly Task[]): void {
    this.#own.push(...tasks)
    if (tasks.length > 0) this.#scheduleGroup()
  }

  #scheduleGroup(): void {
    if (this.#isGroupDue) return
    this.#isGroupDue = true
    setImmediate(() => this.#onGroupDue())
  }

  #onGroupDue(): void {
    this.#isGroupDue = false
    if (this.#isClosed) return
    if (this.#own.length > 0) this.#commitOwn()
    if (this.#isClosed) return
    if (this.#requested.length > 0) this.#commitRequested()
    if (this.#requested.length > 0 || this.#own.length > 0) this.#scheduleGroup()
    else if (this.#isClosing) this.#close()
  }

  #commitOwn(): void {
    const tasks = this.#own
    this.#own = []
    const { answers, changed } = this.#writer.commit(tasks, () => [])
    if (changed) this.#bell.ring()
    this.#onLeasesChanged()
    // Next to a dead one there may be another: look at once, but not again and again at the same one.
    if (answers.every((answer) => answer.kind === 'done')) this.#tick()
  }

  #commitRequested(): void {
    const first = this.#takeGroup(groupRequestsMax, groupBytesMax)
    let taken: readonly RequestedTask[] = first
    const { answers, changed } = this.#writer.commit(first, () => {
      const more = this.#takeLate(first)
      taken = [...first, ...more]
      return more
    })
    this.#report({ kind: 'answers', answers })
    if (changed) this.#bell.ring()
    if (taken.some((task) => task.kind !== 'transact')) this.#onLeasesChanged()
  }

  #onLeasesChanged(): void {
    this.#leaseWatch.invalidate()
    this.#leaseBell.ring()
    // Its own renewals may be due earlier than the next tick.
    this.#scheduleTick()
  }

  /** What came while the write lock was awaited, as far as it fits. */
  #takeLate(first: readonly RequestedTask[]): readonly RequestedTask[] {
    for (let late = receiveMessageOnPort(this.#port); late !== undefined; late = receiveMessageOnPort(this.#port)) {
      this.#onRequests(late.message as readonly Request[])
    }
    const takenBytes = first.reduce((sum, task) => sum + sizeOf(task), 0)
    return this.#takeGroup(groupRequestsMax - first.length, groupBytesMax - takenBytes)
  }

  /** At least one where there is room at all, however large it is. */
  #takeGroup(countMax: number, bytesMax: number): RequestedTask[] {
    if (bytesMax <= 0) return []
    let count = 0
    let bytes = 0
    for (const task of this.#requested) {
      bytes += sizeOf(task)
      if (count === countMax || (count > 0 && bytes > bytesMax)) break
      count++
    }
    return this.#requested.splice(0, count)
  }

  #close(): void {
    const revocations = this.#leases.heldIds.map((id): Task => ({ kind: 'revoke-lease', id }))
    if (revocations.length > 0 && this.#writer.commit(revocations, () => []).changed) this.#bell.ring()
    this.#release()
    this.#report({ kind: 'closed' })
    this.#port.close()
  }

  /** The file is nobody's any more, so there is nothing to give back in it. */
  #giveUp(): void {
    this.#report({ kind: 'failed', failure: this.#file.failure })
    this.#release()
    this.#port.close()
  }

  #release(): void {
    this.#isClosed = true
    clearTimeout(this.#ticker)
    this.#leaseWatch.close()
    this.#leaseBellListener.close()
    this.#leaseBell.close()
    this.#bell.close()
    this.#turn.close()
    closeLifeFile(this.#lifeHandle)
    this.#database.close()
  }

  #report(report: Report): void {
    this.#port.postMessage(report)
  }
}

function sizeOf(task: RequestedTask): number {
  return task.kind === 'transact' ? task.sizeBytes : 0
}

/** Other processes may be opening or leaving the same file at this moment. */
async function openPatiently(path: string, waitMs: number): Promise<Opened> {
  const deadline = performance.now() + waitMs
  for (;;) {
    try {
      return tryOpen(path)
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, 1 + Math.random() * 4))
  }
}

function tryOpen(path: string): Opened {
  const database = openForWriting(path)
  try {
    return { database, systemId: readSystemId(database) }
  } catch (error) {
    database.close()
    throw error
  }
}

async function main(port: MessagePort, { folder, openWaitMs }: WriterData): Promise<void> {
  yieldToTheProgram()
  const files = stateFiles(folder)
  try {
    makeStateFolder(files)
    new WriterThread(port, await openPatiently(files.database, openWaitMs), files)
    // Processes that are started next need not compile this thread's code again. Nothing happens where no cache is on.
    flushCompileCache()
  } catch (error) {
    port.postMessage({ kind: 'open-failed', failure: openFailureOf(error, files.database) } satisfies Report)
    port.close()
  }
}

/** The program's own thread comes first where there are too few cores. On Linux alone this means one thread, not the process. */
function yieldToTheProgram(): void {
  if (process.platform !== 'linux') return
  try {
    setPriority(0, writerNiceness)
  } catch {
    // Not permitted here: it only shares the cores less kindly.
  }
}

if (parentPort !== null) void main(parentPort, workerData as WriterData)
