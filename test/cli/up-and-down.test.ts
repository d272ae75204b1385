/** Members come up and go down, whatever happens to them in between. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { ended, isAlive, Sandbox, until } from './fixtures/sandbox.ts'

interface Started {
  readonly name: string
  readonly pid: number
  readonly isNew: boolean
}

const names = (list: readonly { readonly name: string }[]): readonly string[] => list.map((each) => each.name)

describe('up and down', { timeout: 120_000 }, () => {
  it('up starts so many members, which answer when it returns and go on after it', async () => {
    await using sandbox = new Sandbox()
    const { code, stdout, stderr } = await sandbox.run(['up', '--members', '3'])
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^m1 {2}pid \d+\nm2 {2}pid \d+\nm3 {2}pid \d+\n3 members started\.\n$/)
    const members = await sandbox.members()
    assert.deepEqual(names(members), ['m1', 'm2', 'm3'])
    assert(members.every((member) => member.state === 'live' && member.services.includes('run') && isAlive(member.pid)))
  })

  it('a second up adds only what is missing', async () => {
    await using sandbox = new Sandbox()
    const first = await sandbox.json<readonly Started[]>(['up', '--members', '2'])
    const second = await sandbox.json<readonly Started[]>(['up', '--members', '3'])
    assert.deepEqual(
      second.slice(0, 2),
      first.map((daemon) => ({ ...daemon, isNew: false })),
    )
    assert.deepEqual(
      second.map((daemon) => daemon.isNew),
      [false, false, true],
    )
  })

  it('two ups at once in one folder both succeed, and there is one member of each name', async () => {
    await using sandbox = new Sandbox()
    const both = await Promise.all([sandbox.run(['up', '--members', '3']), sandbox.run(['up', '--members', '3'])])
    assert.deepEqual(
      both.map(({ code, stderr }) => [code, stderr]),
      [
        [0, ''],
        [0, ''],
      ],
    )
    assert.deepEqual(names(await sandbox.members()), ['m1', 'm2', 'm3'])
    // The daemons that came too late have ended.
    const daemons = join(sandbox.home, 'main', 'daemons')
    await until('three daemons are left', () => readdirSync(daemons).length === 3)
  })

  it('a member that was killed is missed by status at once, and replaced by up', async () => {
    await using sandbox = new Sandbox()
    await sandbox.run(['up', '--members', '2'])
    const pid = await sandbox.pidOf('m1')
    process.kill(pid, 'SIGKILL')
    await until('its process is gone', () => !isAlive(pid))
    assert.deepEqual(names(await sandbox.members()), ['m2'])
    const again = await sandbox.json<readonly Started[]>(['up', '--members', '2'])
    assert.deepEqual(
      again.map(({ name, isNew }) => [name, isNew]),
      [
        ['m1', true],
        ['m2', false],
      ],
    )
    assert.notEqual(again[0]?.pid, pid)
  })

  it('down ends every member, and so does a second one nothing', async () => {
    await using sandbox = new Sandbox()
    await sandbox.run(['up', '--members', '2'])
    const pids = (await sandbox.members()).map((member) => member.pid)
    const first = await sandbox.run(['down'])
    assert.equal(first.code, 0, first.stderr)
    assert.match(first.stdout, /^m1 {2}pid \d+ {2}left\nm2 {2}pid \d+ {2}left\n2 members stopped\.\n$/)
    assert.deepEqual(pids.filter(isAlive), [])
    const second = await sandbox.run(['down'])
    assert.deepEqual([second.code, second.stdout, second.stderr], [0, '', 'Nothing was running.\n'])
  })

  it('down where nothing ever ran makes no folder', async () => {
    await using sandbox = new Sandbox()
    assert.equal((await sandbox.run(['down'])).code, 0)
    assert.deepEqual(readdirSync(sandbox.folder), [])
  })

  it('a stopped member is shown as unresponsive, refused by up, and ended by down', async () => {
    await using sandbox = new Sandbox()
    await sandbox.run(['up', '--members', '2'])
    const pid = await sandbox.pidOf('m2')
    process.kill(pid, 'SIGSTOP')
    const status = await sandbox.members()
    assert.deepEqual(
      status.map(({ name, state }) => [name, state]),
      [
        ['m1', 'live'],
        ['m2', 'unresponsive'],
      ],
    )
    const up = await sandbox.run(['up', '--members', '2'])
    assert.equal(up.code, 1)
    assert.match(up.stderr, new RegExp(`^error \\[timed-out\\]: .*m2 \\(pid ${pid}\\)\\.\nnext: .*kill -CONT ${pid}`))
    const down = await sandbox.run(['down'])
    assert.equal(down.code, 0, down.stderr)
    assert.match(down.stdout, /m2 {2}pid \d+ {2}ended by SIGTERM/)
    assert(!isAlive(pid))
  })

  it('a member that was stopped for longer than its lease is still found by status and down', async () => {
    await using sandbox = new Sandbox()
    await sandbox.run(['up', '--members', '2'])
    const pid = await sandbox.pidOf('m2')
    process.kill(pid, 'SIGSTOP')
    await until(
      'its lease has ended',
      async () => {
        const stopped = (await sandbox.members()).find((member) => member.name === 'm2')
        return stopped?.detail === 'stopped, and no member any more'
      },
      40_000,
    )
    const replaced = await sandbox.json<readonly Started[]>(['up', '--members', '2'])
    assert.deepEqual(
      replaced.map(({ name, isNew }) => [name, isNew]),
      [
        ['m1', false],
        ['m2', true],
      ],
    )
    const down = await sandbox.run(['down'])
    assert.equal(down.code, 0, down.stderr)
    assert.match(down.stdout, /3 members stopped/)
    assert(!isAlive(pid))
  })

  it('an up that is killed half-way leaves nothing that a later up cannot use', async () => {
    await using sandbox = new Sandbox()
    const child = sandbox.start(['up', '--members', '3'])
    const daemons = join(sandbox.home, 'main', 'daemons')
    await until('the first daemon has started', () => countOf(daemons) > 0)
    child.kill('SIGKILL')
    await ended(child)
    const { code, stderr } = await sandbox.run(['up', '--members', '3'])
    assert.equal(code, 0, stderr)
    assert.deepEqual(names(await sandbox.members()), ['m1', 'm2', 'm3'])
  })
})

function countOf(folder: string): number {
  try {
    return readdirSync(folder).length
  } catch {
    return 0
  }
}
