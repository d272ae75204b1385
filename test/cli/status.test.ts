/** What `status` shows, on a terminal and in a pipe. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { ended, Sandbox, type StatusMember, until } from './fixtures/sandbox.ts'

describe('status', { timeout: 60_000 }, () => {
  it('ends with 3 and names the next step where nothing runs', async () => {
    await using sandbox = new Sandbox()
    const { code, stdout, stderr } = await sandbox.run(['status'])
    assert.deepEqual([code, stdout], [3, ''])
    assert.match(stderr, /^error \[system-absent\]: Nothing is running in .*\nnext: Start one: cardumen up\n$/)
  })

  it('is a table with a line for each member', async () => {
    await using sandbox = new Sandbox()
    await sandbox.run(['up', '--members', '2'])
    const { code, stdout, stderr } = await sandbox.run(['status'])
    assert.deepEqual([code, stderr], [0, ''])
    const [heading, ...lines] = stdout.split('\n')
    assert.match(heading ?? '', /^NAME +PID +STATE +UP +MEMORY +CPU +CALLS +SERVICES$/)
    assert.match(lines[0] ?? '', /^m1 +\d+ +live +\d+ m?s +[\d.]+ MB +\d+ % +\d+ +(directory, )?run$/)
    assert.match(lines[1] ?? '', /^m2 +\d+ +live /)
    assert.equal(lines.filter((line) => line.includes('directory')).length, 1)
    assert.equal(lines.length, 4)
  })

  it('has colour only where it is wanted', async () => {
    await using sandbox = new Sandbox()
    await sandbox.run(['up', '--members', '1'])
    const escape = '\u001B['
    assert((await sandbox.run(['status'], { env: { FORCE_COLOR: '1' } })).stdout.includes(escape))
    assert(!(await sandbox.run(['status'])).stdout.includes(escape))
    assert(!(await sandbox.run(['status', '--no-color'], { env: { FORCE_COLOR: '1' } })).stdout.includes(escape))
  })

  it('ends quietly when its reader has enough', async () => {
    await using sandbox = new Sandbox()
    await sandbox.run(['up', '--members', '2'])
    const { code, stdout, stderr } = await sandbox.shell('set -o pipefail; cardumen status | head -1')
    assert.deepEqual([code, stderr], [0, ''])
    assert.match(stdout, /^NAME/)
    const closed = await sandbox.shell('set -o pipefail; cardumen status --watch --interval 100ms | head -2 | tail -1')
    assert.deepEqual([closed.code, closed.stderr], [0, ''])
    assert.match(closed.stdout, /^m1/)
  })

  it('with --watch prints again and again, until it is interrupted', async () => {
    await using sandbox = new Sandbox()
    await sandbox.run(['up', '--members', '1'])
    const child = sandbox.start(['status', '--watch', '--json', '--interval', '100ms'])
    const end = ended(child)
    let lines = 0
    child.stdout?.on('data', (chunk: Buffer) => {
      lines += chunk.toString().split('\n').length - 1
    })
    await until('three looks', () => lines >= 3)
    child.kill('SIGINT')
    const { code, stdout, stderr } = await end
    assert.deepEqual([code, stderr], [130, ''])
    for (const line of stdout.trim().split('\n')) {
      const { members } = JSON.parse(line) as { members: readonly StatusMember[] }
      assert.deepEqual(
        members.map(({ name, state }) => [name, state]),
        [['m1', 'live']],
      )
    }
  })

  it('shows programs that joined by themselves, but no commands', async () => {
    await using sandbox = new Sandbox()
    const program = new URL('./fixtures/greeter.ts', import.meta.url).pathname
    const follower = sandbox.start(['run', program])
    await once(follower.stdout ?? follower, 'data')
    const members = await sandbox.members()
    assert.deepEqual(
      members.map(({ name, services }) => [name, services]),
      [['host-of-greeter', ['greeter']]],
    )
    follower.stdin?.end()
    assert.equal((await ended(follower)).code, 0)
  })

  it('tells what a member has refused, also of peers that are gone, and nothing where it has refused nothing', async () => {
    await using sandbox = new Sandbox()
    const program = new URL('./fixtures/greeter.ts', import.meta.url).pathname
    const host = sandbox.start(['run', program])
    await once(host.stdout ?? host, 'data')
    assert.doesNotMatch((await sandbox.run(['status'])).stdout, /refused/)
    for (let made = 0; made < 2; made++) await sandbox.run(['call', 'greeter', 'greet', '{"who":1}'])
    const { stdout } = await sandbox.run(['status'])
    assert.match(stdout, /^host-of-greeter has refused 2 input$/m)
    host.stdin?.end()
    assert.equal((await ended(host)).code, 0)
  })
})
