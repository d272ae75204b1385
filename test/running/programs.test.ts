/** Whole programs that run on another member. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { after, before, describe, it } from 'node:test'
import { Process, Run } from '../../src/servers/run/interface.ts'
import { outputKeptBytesMax, type ProgramOutput } from '../../src/servers/run/remote-program.ts'
import type { RunServer } from '../../src/servers/run/server.ts'
import { newSystem, type RunningSystem } from './fixtures/members.ts'

const echo = new URL('./fixtures/echo-program.ts', import.meta.url)
const counting = new URL('./fixtures/counting-program.ts', import.meta.url)
const loud = new URL('./fixtures/loud-program.ts', import.meta.url)

describe('a program on another member', { timeout: 120_000 }, () => {
  let system: RunningSystem
  let server: RunServer

  before(async () => {
    system = await newSystem()
    server = await system.addServer('runner')
  })
  after(() => system[Symbol.asyncDispose]())

  it('gets arguments, environment, folder and input, and gives its outputs and its exit status', async () => {
    const env = { GREETING: 'hello', EXIT_CODE: '7' }
    const program = await system.client.runProgram(echo, {
      args: ['one', '--two'],
      env,
      stdin: 'some input\n',
      workingFolder: tmpdir(),
    })
    const [out, err, exit] = await Promise.all([program.stdout.text(), program.stderr.text(), program.exit])
    const [first, rest] = out.split('\n')
    assert.deepEqual(JSON.parse(first ?? ''), { args: ['one', '--two'], greeting: 'hello', folder: tmpdir() })
    assert.equal(rest, 'SOME INPUT')
    assert.equal(err, 'to the other stream\n')
    assert.deepEqual(exit, { code: 7, signal: undefined })
    assert.equal(program.memberId, 'runner')
  })

  it('takes input piece by piece for as long as it is open', async () => {
    const program = await system.client.runProgram(echo)
    await program.write('a')
    await program.write(new TextEncoder().encode('b'.repeat(600_000)))
    await program.endInput()
    assert.equal((await program.stdout.text()).split('\n')[1], `A${'B'.repeat(600_000)}`)
    assert.equal((await program.exit).code, 0)
  })

  it('stands still while it is suspended, and goes on when it is resumed', async () => {
    await using program = await startCounting()
    await program.suspend()
    await waitFor(() => stateOf(program.pid) === 'T')
    assert.equal((await program.info()).state, 'suspended')
    await program.resume()
    await waitFor(() => stateOf(program.pid) !== 'T')
    const before = program.latest()
    await waitFor(() => program.latest() > before)
    assert.equal((await program.info()).state, 'running')
  })

  it('ends by the signal that it is killed with', async () => {
    await using program = await startCounting()
    await program.kill('SIGTERM')
    assert.deepEqual(await program.exit, { code: undefined, signal: 'SIGTERM' })
    assert.equal((await program.info()).state, 'ended')
  })

  it('is killed when its signal aborts', async () => {
    const controller = new AbortController()
    await using program = await startCounting(controller.signal)
    controller.abort()
    assert.deepEqual(await program.exit, { code: undefined, signal: 'SIGKILL' })
  })

  it('is an object that others can find, ask and kill', async () => {
    await using program = await startCounting()
    const listed = await system.caller.open(Run, server.capability).processes(undefined)
    const found = listed.find(({ info }) => info.pid === program.pid)
    assert.equal(found?.info.state, 'running')
    assert.equal(found.info.owner, system.caller.member.address)
    const other = system.caller.open(Process, found.process)
    await other.signal({ name: 'SIGKILL' })
    assert.equal((await other.wait(undefined)).signal, 'SIGKILL')
    await other.release(undefined)
    await assert.rejects(other.info(undefined), { code: 'process-unknown' })
  })

  it('that nobody reads is not held up, and the latest of its output is kept', async () => {
    const program = await system.client.runProgram(loud, { args: ['stderr', '5'] })
    assert.equal((await program.exit).code, 0)
    const kept = (await program.stderr.text()).length
    // One part is kept where the program runs, and one here.
    assert(kept > outputKeptBytesMax / 2 && kept <= 3 * outputKeptBytesMax, `${kept} bytes were kept`)
    assert(program.stderr.droppedBytes > 0)
    assert.equal(kept + program.stderr.droppedBytes, 5 * 1_048_576)
  })

  it('is held up by a slow reader, who gets every byte', async () => {
    const program = await system.client.runProgram(loud, { args: ['stdout', '8'] })
    assert.equal(await countBytes(program.stdout), 8 * 1_048_576)
    assert.equal(program.stdout.droppedBytes, 0)
  })

  const refused: readonly (readonly [what: string, module: string, on: string | undefined, code: string])[] = [
    ['whose file is not there', new URL('./not-there.ts', import.meta.url).href, undefined, 'process-failed'],
    ['on a member that runs nothing', echo.href, 'nobody', 'name-unknown'],
  ]
  for (const [what, module, on, code] of refused) {
    it(`${what} is refused with ${code}`, async () => {
      await assert.rejects(system.client.runProgram(module, on === undefined ? {} : { on }), { code, executed: 'no' })
    })
  }

  it('dies with the member that runs it, and its starter is told', async () => {
    const member = await system.addProcess('mortal')
    const program = await system.client.runProgram(counting, { on: 'mortal' })
    const { pid } = await program.info()
    member.kill('SIGKILL')
    await assert.rejects(program.exit, { code: 'member-died' })
    await waitFor(() => stateOf(pid) === undefined)
  })

  it('dies with the member that started it', async () => {
    const starter = await newCaller(system)
    const program = await starter.start(counting)
    await starter.close()
    await waitFor(() => stateOf(program) === undefined)
  })

  async function startCounting(signal?: AbortSignal) {
    const program = await system.client.runProgram(counting, signal === undefined ? {} : { signal })
    const { pid } = await program.info()
    let latest = 0
    const reading = (async () => {
      for await (const chunk of program.stdout) latest = Number(String(Buffer.from(chunk)).trim().split('\n').at(-1))
    })()
    await waitFor(() => latest > 0)
    return Object.assign(program, {
      pid,
      latest: () => latest,
      [Symbol.asyncDispose]: async () => {
        await program.kill().catch(() => undefined)
        await Promise.all([program.exit, reading])
      },
    })
  }
})

async function newCaller(
  system: RunningSystem,
): Promise<{ start(module: URL): Promise<number>; close(): Promise<void> }> {
  const { join } = await import('../../src/cardumen.ts')
  const { RunClient } = await import('../../src/servers/run/client.ts')
  const second = await join({ home: system.home, name: 'second' })
  const client = new RunClient(second.member)
  return {
    start: async (module) => (await (await client.runProgram(module)).info()).pid,
    close: async () => {
      await client.close()
      await second.close()
    },
  }
}

async function countBytes(output: ProgramOutput): Promise<number> {
  let total = 0
  for await (const chunk of output) {
    total += chunk.length
    await new Promise((resolve) => setImmediate(resolve))
  }
  return total
}

/** The letter of `ps`; undefined where there is no such process, or only its remains. */
function stateOf(pid: number): string | undefined {
  try {
    const state = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.[0]
    return state === 'Z' ? undefined : state
  } catch {
    return undefined
  }
}

async function waitFor(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!isSo()) {
    assert(performance.now() < deadline, `within 10 s: ${isSo.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
