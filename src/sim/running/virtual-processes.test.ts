/** Virtual processes, alone and under the table that keeps the real ones. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ExitStatus } from '../../edges/processes.ts'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { address, incarnation, memberId } from '../../lib/identifiers.ts'
import { seededRandom } from '../../lib/random.ts'
import { signalSource } from '../../lib/signal.ts'
import { fromUtf8, toUtf8 } from '../../lib/text.ts'
import { ProgramTable } from '../../servers/run/program-table.ts'
import { sleep } from '../../servers/sleep.ts'
import { HandTime } from './fixtures/hand-time.ts'
import { outputHeldBytesMax, pipeBytesMax } from './virtual-child.ts'
import { type Programs, virtualProcesses } from './virtual-processes.ts'

const programs: Programs = {
  'echo.ts': async ({ input, writeOutput }) => {
    for await (const chunk of input) await writeOutput(chunk)
    return 0
  },
  'tick.ts': async ({ clock, args, writeOutput, writeError }) => {
    for (let count = 0; count < Number(args[0]); count++) {
      await sleep(clock, 10, undefined)
      await writeOutput(toUtf8(`${count}`))
    }
    await writeError(toUtf8('over'))
    return 4
  },
  'polite.ts': async ({ clock, onSignal }) => {
    const source = signalSource()
    onSignal('SIGTERM', () => source.abort())
    await sleep(clock, 1_000_000, source.signal).catch(() => undefined)
    await sleep(clock, 10, undefined)
    return 9
  },
  'flood.ts': async ({ writeOutput }) => {
    for (;;) await writeOutput(new Uint8Array(10_000))
  },
  'rude-flood.ts': async ({ writeOutput }) => {
    for (let count = 0; count < 20; count++) void writeOutput(new Uint8Array(1_048_576))
    await new Promise(() => undefined)
    return 0
  },
  'broken.ts': async () => {
    throw new Error('it broke')
  },
  'about.ts': async ({ pid, args, env, workingFolder, writeOutput }) => {
    await writeOutput(toUtf8(JSON.stringify([pid, args, env, workingFolder])))
    return 0
  },
}

function newProcesses() {
  const time = new HandTime()
  let pid = 100
  const processes = virtualProcesses({ clock: time.clock, random: seededRandom(3), programs, nextPid: () => ++pid })
  return { time, processes }
}

async function begun(name: string, args: readonly string[] = []) {
  const { time, processes } = newProcesses()
  const outputs: [string, string][] = []
  const seen = { outputBytes: 0, drains: 0, exit: undefined as ExitStatus | undefined }
  const starting = processes.start(
    { module: `file:///programs/${name}`, args, env: { A: 'b' }, workingFolder: '/work' },
    {
      onOutput: (stream, chunk) => {
        assert.equal(seen.exit, undefined, 'the exit is told last')
        seen.outputBytes += chunk.length
        if (chunk.length < 1_000) outputs.push([stream, fromUtf8(chunk) ?? ''])
      },
      onInputDrain: () => seen.drains++,
      onExit: (status) => {
        assert.equal(seen.exit, undefined, 'the exit is told once')
        seen.exit = status
      },
    },
  )
  await time.pass(0)
  return { time, process: await starting, outputs, seen }
}

describe('a virtual process', () => {
  it('knows its number, arguments, environment and folder', async () => {
    const { process, outputs, seen } = await begun('about.ts', ['x'])
    assert.equal(process.pid, 101)
    assert.deepEqual(outputs, [['stdout', '[101,["x"],{"A":"b"},"/work"]']])
    assert.deepEqual(seen.exit, { code: 0, signal: undefined })
  })

  it('writes to both outputs in virtual time, and exits with its code after them', async () => {
    const { time, outputs, seen } = await begun('tick.ts', ['3'])
    await time.pass(25)
    assert.deepEqual(outputs, [
      ['stdout', '0'],
      ['stdout', '1'],
    ])
    await time.pass(10)
    assert.deepEqual(outputs.at(-1), ['stderr', 'over'])
    assert.deepEqual(seen.exit, { code: 4, signal: undefined })
  })

  it('reads its input until that is closed', async () => {
    const { time, process, outputs, seen } = await begun('echo.ts')
    const bytes = toUtf8('one')
    assert.equal(process.writeInput(bytes), true)
    bytes.fill(0)
    await time.pass(1)
    assert.deepEqual(outputs, [['stdout', 'one']])
    assert.equal(process.writeInput(toUtf8('two')), true)
    process.endInput()
    await time.pass(1)
    assert.deepEqual(outputs[1], ['stdout', 'two'])
    assert.deepEqual(seen.exit, { code: 0, signal: undefined })
    assert.equal(process.writeInput(toUtf8('three')), true)
  })

  it('tells when its input is full, and when there is room again', async () => {
    const { time, process, seen } = await begun('echo.ts')
    assert.equal(process.writeInput(new Uint8Array(pipeBytesMax)), false)
    assert.equal(seen.drains, 0)
    await time.pass(1)
    assert.equal(seen.drains, 1)
  })

  it('waits with its output while nobody reads, and goes on after', async () => {
    const { time, process, seen } = await begun('flood.ts')
    process.pauseOutput()
    await time.pass(10)
    const heldAt = seen.outputBytes
    await time.pass(1_000)
    assert.equal(seen.outputBytes, heldAt)
    process.resumeOutput()
    process.signal('SIGKILL')
    await time.pass(1)
    assert.ok(seen.outputBytes - heldAt >= pipeBytesMax)
    assert.deepEqual(seen.exit, { code: undefined, signal: 'SIGKILL' })
  })

  it('that never waits with its output ends over the bound', async () => {
    const { time, process, seen } = await begun('rude-flood.ts')
    process.pauseOutput()
    await time.pass(1)
    process.resumeOutput()
    await time.pass(1)
    assert.equal(seen.exit?.code, 1)
    assert.ok(seen.outputBytes <= outputHeldBytesMax + 1_000)
  })

  it('that throws writes the error and exits with 1', async () => {
    const { outputs, seen } = await begun('broken.ts')
    assert.deepEqual(outputs, [['stderr', 'Uncaught it broke\n']])
    assert.deepEqual(seen.exit, { code: 1, signal: undefined })
  })

  it('ends by a signal that it does not watch, and acts on one that it does', async () => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) {
      const { time, process, seen } = await begun('tick.ts', ['1000'])
      process.signal(name)
      await time.pass(1)
      assert.deepEqual(seen.exit, { code: undefined, signal: name })
    }
    const { time, process, seen } = await begun('polite.ts')
    process.signal('SIGTERM')
    await time.pass(5)
    assert.equal(seen.exit, undefined)
    await time.pass(5)
    assert.deepEqual(seen.exit, { code: 9, signal: undefined })
  })

  it('stands still while it is stopped, and is killed all the same', async () => {
    const { time, process, outputs, seen } = await begun('tick.ts', ['1000'])
    await time.pass(25)
    process.signal('SIGSTOP')
    process.signal('SIGTERM')
    await time.pass(1_000)
    assert.equal(outputs.length, 2)
    assert.equal(seen.exit, undefined)
    process.signal('SIGCONT')
    await time.pass(0)
    assert.deepEqual(seen.exit, { code: undefined, signal: 'SIGTERM' })
    const other = await begun('tick.ts', ['1000'])
    other.process.signal('SIGSTOP')
    other.process.signal('SIGKILL')
    await other.time.pass(0)
    assert.deepEqual(other.seen.exit, { code: undefined, signal: 'SIGKILL' })
    assert.equal(other.time.agenda.size, 0)
  })

  it('that the world does not know is refused by name', async () => {
    const { time, processes } = newProcesses()
    const events = { onOutput: () => undefined, onInputDrain: () => undefined, onExit: () => undefined }
    const spec = { module: 'file:///programs/other.ts', args: [], env: {}, workingFolder: undefined }
    const starting = assert.rejects(
      processes.start(spec, events),
      (error) => isCardumenError(error, 'process-failed') && /other\.ts.*echo\.ts/.test(error.message),
    )
    await time.pass(0)
    await starting
  })
})

describe('a table of virtual programs', () => {
  it('has the output and the status of one that ended', async () => {
    const { time, processes } = newProcesses()
    const table = new ProgramTable(processes, time.clock)
    const spec = { module: 'tick.ts', args: ['2'], env: {}, workingFolder: undefined }
    const owner = address(memberId('owner'), incarnation(1))
    const starting = table.start({ ...spec, owner, detached: false }, signalSource().signal)
    await time.pass(100)
    const { program } = await starting
    const texts: string[] = []
    for await (const { chunk } of program.output()) texts.push(fromUtf8(chunk) ?? '')
    assert.deepEqual(texts, ['0', '1', 'over'])
    assert.deepEqual(await program.wait(), { code: 4, signal: undefined })
  })

  it('kills what a member that has parted left behind', async () => {
    const { time, processes } = newProcesses()
    const table = new ProgramTable(processes, time.clock)
    const owner = address(memberId('owner'), incarnation(1))
    const spec = { module: 'flood.ts', args: [], env: {}, workingFolder: undefined, owner, detached: false }
    const starting = table.start(spec, signalSource().signal)
    await time.pass(10)
    const { program } = await starting
    table.onMemberParted(owner)
    await time.pass(10)
    assert.deepEqual(await program.wait(), { code: undefined, signal: 'SIGKILL' })
    assert.equal(time.agenda.size, 0)
  })
})
