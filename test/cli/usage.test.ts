/** Help, wrong usage and the doctor: what the command says without doing anything. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Sandbox } from './fixtures/sandbox.ts'

const commands = [
  ...['up', 'down', 'status', 'ps', 'run', 'kill', 'call', 'trace', 'doctor'],
  ...['ls', 'tree', 'enter', 'mkdir', 'rm', 'mv', 'chmod', 'cap', 'info', 'touch', 'params', 'audit'],
]

describe('the command line', { timeout: 60_000 }, () => {
  it('has help with examples for each command', async () => {
    await using sandbox = new Sandbox()
    const whole = await sandbox.run(['--help'])
    assert.equal(whole.code, 0)
    for (const command of commands) {
      assert.match(whole.stdout, new RegExp(`^ {2}${command} `, 'm'))
      const { code, stdout, stderr } = await sandbox.run([command, '--help'])
      assert.deepEqual([code, stderr], [0, ''])
      assert.match(stdout, new RegExp(`Examples:\n {2}\\$ cardumen ${command}`))
    }
  })

  it('prints the version of the package', async () => {
    await using sandbox = new Sandbox()
    const { code, stdout } = await sandbox.run(['--version'])
    assert.equal(code, 0)
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/)
  })

  const wrong: readonly (readonly [args: readonly string[], text: RegExp])[] = [
    [['statsu'], /unknown command 'statsu' \(Did you mean status\?\)/],
    [['status', '--jsn'], /unknown option '--jsn' \(Did you mean --json\?\)/],
    [['up', '--members', '0'], /whole number from 1 to 256/],
    [['up', '--members', 'many'], /whole number/],
    [['up', 'four'], /too many arguments/],
    [['status', '--interval', 'soon'], /a time such as/],
    [['run'], /missing required argument 'file'/],
    [['run', '--env', 'NAME', 'x.ts'], /NAME=VALUE/],
    [['kill', '1', '--signal', 'HUG'], /one of TERM, KILL/],
    [['call', 'name'], /missing required argument 'operation'/],
    [['status', '--system', 'No Name'], /is no name for a system/],
  ]

  it('ends with 2 on wrong usage, and says what would be right', async () => {
    await using sandbox = new Sandbox()
    for (const [args, text] of wrong) {
      const { code, stdout, stderr } = await sandbox.run(args)
      assert.deepEqual([code, stdout], [2, ''], args.join(' '))
      assert.match(stderr, text)
      assert.match(stderr, /^error \[[a-z-]+\]: .+\nnext: .+\n$/)
    }
  })

  it('without a command shows its help and ends with 2', async () => {
    await using sandbox = new Sandbox()
    const { code, stderr } = await sandbox.run([])
    assert.equal(code, 2)
    assert.match(stderr, /^Usage: cardumen/)
  })

  it('ends with 3 where nothing runs, for each command that needs members', async () => {
    await using sandbox = new Sandbox()
    for (const args of [['status'], ['ps'], ['kill', '1'], ['call', 'a', 'b'], ['trace']]) {
      const { code, stderr } = await sandbox.run(args)
      assert.equal(code, 3, args.join(' '))
      assert.match(stderr, /^error \[system-absent\]/)
    }
  })

  it('doctor finds nothing wrong with a new folder, and leaves none behind', async () => {
    await using sandbox = new Sandbox()
    const { code, stdout } = await sandbox.run(['doctor'])
    assert.equal(code, 0, stdout)
    assert.match(stdout, /^ok {4}engine: format \d+, a synced commit takes [\d.]+ ms$/m)
    const status = await sandbox.run(['status'])
    assert.equal(status.code, 3)
  })

  it('doctor warns of a member that does not answer', async () => {
    await using sandbox = new Sandbox()
    await sandbox.run(['up', '--members', '1'])
    process.kill(await sandbox.pidOf('m1'), 'SIGSTOP')
    const findings = await sandbox.json<readonly { check: string; result: string; next?: string }[]>(['doctor'])
    const members = findings.find((finding) => finding.check === 'members')
    assert.equal(members?.result, 'warn')
    assert.match(members.next ?? '', /cardumen kill m1/)
  })
})
