/** `run`, `ps` and `kill`: a program on some member, as if it ran here. */
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ended, isAlive, Sandbox, until } from './fixtures/sandbox.ts'

const program = fileURLToPath(new URL('./fixtures/program.ts', import.meta.url))

interface Said {
  readonly args: readonly string[]
  readonly level?: string
  readonly folder: string
  readonly pid: number
}

interface Listed {
  readonly pid: number
  readonly member: string
  readonly name: string
  readonly state: string
}

/** Starts it and reads the line that it says first. */
async function started(
  sandbox: Sandbox,
  args: readonly string[],
): Promise<{ readonly child: ChildProcess; readonly said: Said }> {
  const child = sandbox.start(args)
  const [line] = (await once(child.stderr ?? child, 'data')) as [Buffer]
  return { child, said: JSON.parse(line.toString()) as Said }
}

describe('run', { timeout: 60_000 }, () => {
  it('needs no members: then the program runs under the command', async () => {
    await using sandbox = new Sandbox()
    const { code, stdout } = await sandbox.run(['run', program, '5'], { input: 'abc' })
    assert.deepEqual([code, stdout], [5, 'ABC'])
  })

  it('passes input, arguments, variables and the folder on, and output and exit code back', async () => {
    await using sandbox = new Sandbox()
    await sandbox.run(['up', '--members', '2'])
    const args = ['run', '--on', 'm2', '--env', 'LEVEL=high=er', program, '3', '--home', 'x', '--', '-y']
    const { code, stdout, stderr } = await sandbox.run(args, { input: 'some words '.repeat(50_000) })
    assert.deepEqual([code, stdout.length, stdout.slice(0, 11)], [3, 550_000, 'SOME WORDS '])
    const said = JSON.parse(stderr) as Said
    assert.deepEqual(said.args, ['--home', 'x', '--', '-y'])
    assert.deepEqual([said.level, said.folder], ['high=er', sandbox.folder])
  })

  it('tells that the file, or the member, is not there', async () => {
    await using sandbox = new Sandbox()
    await sandbox.run(['up', '--members', '1'])
    const noFile = await sandbox.run(['run', 'absent.ts'])
    assert.equal(noFile.code, 1)
    assert.match(noFile.stderr, /^error \[process-failed\]: There is no file .*absent\.ts.*\nnext: /)
    const noMember = await sandbox.run(['run', '--on', 'm7', program])
    assert.equal(noMember.code, 1)
    assert.match(noMember.stderr, /^error \[name-unknown\]: .*m7.*\nnext: /)
  })

  it('forwards an interrupt, and ends as the program does', async () => {
    await using sandbox = new Sandbox()
    await sandbox.run(['up', '--members', '1'])
    const { child, said } = await started(sandbox, ['run', program])
    child.kill('SIGINT')
    assert.equal((await ended(child)).code, 42)
    assert(!isAlive(said.pid))
  })

  it('a program that a signal ended gives 128 and the signal', async () => {
    await using sandbox = new Sandbox()
    await sandbox.run(['up', '--members', '1'])
    const { child, said } = await started(sandbox, ['run', program])
    const end = ended(child)
    const killed = await sandbox.run(['kill', String(said.pid), '--signal', 'KILL'])
    assert.deepEqual([killed.code, killed.stdout], [0, `SIGKILL sent to program.ts (pid ${said.pid}) on m1.\n`])
    const { code, stderr } = await end
    assert.equal(code, 137)
    assert.match(stderr, /ended by SIGKILL/)
  })

  it('the death of its member ends it with member-died', async () => {
    await using sandbox = new Sandbox()
    await sandbox.run(['up', '--members', '1'])
    const { child, said } = await started(sandbox, ['run', program])
    const end = ended(child)
    await sandbox.run(['kill', 'm1', '--member', '--signal', 'KILL'])
    const { code, stderr } = await end
    assert.equal(code, 1)
    assert.match(stderr, /error \[member-died\]: /)
    await until('its program is gone too', () => !isAlive(said.pid))
  })

  it('ps shows what runs, and kill suspends, resumes and ends it by name', async () => {
    await using sandbox = new Sandbox()
    await sandbox.run(['up', '--members', '2'])
    const { child, said } = await started(sandbox, ['run', '--on', 'm2', program])
    const end = ended(child)
    const listed = await sandbox.json<readonly Listed[]>(['ps'])
    assert.deepEqual(
      listed.map(({ pid, member, name, state }) => [pid, member, name, state]),
      [[said.pid, 'm2', 'program.ts', 'running']],
    )
    assert.match(
      (await sandbox.run(['ps'])).stdout,
      /^ *PID +MEMBER +STATE +SINCE +STARTED BY +PROGRAM\n *\d+ +m2 +running/,
    )
    assert.equal((await sandbox.run(['kill', 'program.ts', '-s', 'SIGSTOP'])).code, 0)
    assert.equal((await sandbox.json<readonly Listed[]>(['ps']))[0]?.state, 'suspended')
    assert.equal((await sandbox.run(['kill', 'program.ts', '-s', 'cont'])).code, 0)
    assert.equal((await sandbox.run(['kill', 'program.ts', '-s', '2'])).code, 0)
    assert.equal((await end).code, 42)
    const after = await sandbox.run(['ps'])
    assert.deepEqual([after.code, after.stdout, after.stderr], [0, '', 'No program runs.\n'])
  })

  it('kill of what is not there says so', async () => {
    await using sandbox = new Sandbox()
    await sandbox.run(['up', '--members', '1'])
    const noProgram = await sandbox.run(['kill', '999999'])
    assert.equal(noProgram.code, 1)
    assert.match(noProgram.stderr, /^error \[process-unknown\]: /)
    const noMember = await sandbox.run(['kill', 'm9', '--member'])
    assert.equal(noMember.code, 1)
    assert.match(noMember.stderr, /^error \[name-unknown\]: /)
  })
})
