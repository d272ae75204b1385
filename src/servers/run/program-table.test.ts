/** The programs of a member, with processes that a test plays by hand. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ChildProcess, ProcessEvents } from '../../edges/processes.ts'
import { address, incarnation, instant, memberId } from '../../lib/identifiers.ts'
import { signalSource } from '../../lib/signal.ts'
import { programsEndedMax, type ProgramSpec, ProgramTable, programsUnreadMax, unreadBytesMax } from './program-table.ts'
import type { RunningProgram } from './running-program.ts'

const clock = { now: () => instant(0), wallMs: () => 0, after: () => () => undefined, soon: () => () => undefined }
const owner = address(memberId('owner'), incarnation(1))
const spec: ProgramSpec = {
  owner,
  detached: false,
  module: 'file:///program.ts',
  args: [],
  env: {},
  workingFolder: '/',
}
const ended = { code: 0, signal: undefined }

/** Starts when the test opens the gate, and ends when it is killed. */
class PlayedProcess implements ChildProcess {
  readonly pid = 1
  isKilled = false
  readonly #events: ProcessEvents

  constructor(events: ProcessEvents) {
    this.#events = events
  }

  writeInput = () => true
  endInput = () => undefined
  pauseOutput = () => undefined
  resumeOutput = () => undefined

  print(sizeBytes: number): void {
    this.#events.onOutput('stdout', new Uint8Array(sizeBytes))
  }

  signal(name: string): void {
    if (name !== 'SIGKILL') return
    this.isKilled = true
    this.#events.onExit({ code: undefined, signal: name })
  }

  end(): void {
    this.#events.onExit(ended)
  }
}

function newTable() {
  const processes: PlayedProcess[] = []
  let open: () => void = () => undefined
  const gate = new Promise<void>((resolve) => (open = resolve))
  const start = async (_: unknown, events: ProcessEvents) => {
    const process = new PlayedProcess(events)
    processes.push(process)
    await gate
    return process
  }
  const table = new ProgramTable({ start }, clock)
  /** Starts a program that prints so much and ends. */
  const run = async (sizeBytes: number): Promise<number> => {
    open()
    const { number } = await table.start(spec, signalSource().signal)
    if (sizeBytes > 0) processes.at(-1)?.print(sizeBytes)
    processes.at(-1)?.end()
    return number
  }
  return { table, processes, open, run }
}

async function bytesOf(program: RunningProgram): Promise<number> {
  let total = 0
  for await (const { chunk } of program.output()) total += chunk.length
  return total
}

describe('a program that is about to start', () => {
  const givenUp: readonly (readonly [
    how: string,
    act: (table: ProgramTable, abort: () => void) => void,
    code: string,
  ])[] = [
    ['whose owner parts', (table) => table.onMemberParted(owner), 'cancelled'],
    ['whose caller gives up', (_, abort) => abort(), 'cancelled'],
    ['at a member that closes', (table) => table.close(), 'closed'],
  ]
  for (const [how, act, code] of givenUp) {
    it(`${how} is ended as it begins`, async () => {
      const { table, processes, open } = newTable()
      const caller = signalSource()
      const starting = assert.rejects(table.start(spec, caller.signal), { code })
      act(table, () => caller.abort())
      open()
      await starting
      assert.equal(processes[0]?.isKilled, true)
      assert.deepEqual([table.entries().length, table.runningCount], [0, 0])
    })
  }

  it('goes on without its owner where it is detached', async () => {
    const { table, processes, open } = newTable()
    const starting = table.start({ ...spec, detached: true }, signalSource().signal)
    table.onMemberParted(owner)
    open()
    await starting
    assert.equal(processes[0]?.isKilled, false)
    assert.equal(table.runningCount, 1)
  })
})

describe('a program that ended', () => {
  it('is kept while its output is not read, however many end after it', async () => {
    const { table, run } = newTable()
    const first = await run(1_000)
    const second = await run(0)
    for (let count = 0; count < programsEndedMax; count++) await run(0)
    assert.equal(await bytesOf(table.get(first)), 1_000)
    assert.throws(() => table.get(second), { code: 'process-unknown' })
  })

  it('is kept while somebody reads its output', async () => {
    const { table, run } = newTable()
    const first = await run(1_000)
    const reader = table.get(first).output()
    assert.equal((await reader.next()).value?.chunk.length, 1_000)
    for (let count = 0; count < programsEndedMax + 1; count++) await run(0)
    assert.equal((await reader.next()).done, true)
  })

  const bounds: readonly (readonly [what: string, count: number, sizeBytes: number])[] = [
    ['too many', programsUnreadMax, 10],
    ['too many bytes', 64, unreadBytesMax / 64],
  ]
  for (const [what, count, sizeBytes] of bounds) {
    it(`fails its reader where ${what} are unread, and gives no early end`, async () => {
      const { table, processes, open, run } = newTable()
      open()
      const { number, program } = await table.start(spec, signalSource().signal)
      processes[0]?.print(10)
      processes[0]?.print(10)
      const reader = program.output()
      await reader.next()
      processes[0]?.end()
      for (let index = 0; index < count; index++) await run(sizeBytes)
      await assert.rejects(reader.next(), { code: 'process-unknown' })
      assert.throws(() => table.get(number), { code: 'process-unknown' })
    })
  }

  it('fails a reader who waits for more when it is released', async () => {
    const { table, open } = newTable()
    open()
    const { number, program } = await table.start(spec, signalSource().signal)
    const next = assert.rejects(program.output().next(), { code: 'process-unknown' })
    table.release(number)
    await next
  })
})
