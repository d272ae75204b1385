/** `schedule`: what it draws, and what it refuses. */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { root } from '../../scripts/tools.ts'
import { ruleNames } from '../../src/protocols/scheduling/messages.ts'
import { Sandbox } from './fixtures/sandbox.ts'

describe('schedule', { timeout: 60_000 }, () => {
  it('draws one of our workloads by the rule that is asked for', async () => {
    await using sandbox = new Sandbox()
    const { code, stdout } = await sandbox.run(['schedule', 'convoy', '--rule', 'first-come', '--width', '60'])
    assert.equal(code, 0)
    assert.match(stdout, /^first-come: /)
    assert.match(stdout, /^P1 {2}█{24}\nP2 {2}░{24}███\nP3 {2}░{27}███$/m)
    assert.match(stdout, /^mean +27 +17 +17$/m)
  })

  it('plays a file of JSON, and prints the schedule as JSON', async () => {
    await using sandbox = new Sandbox()
    const file = join(sandbox.folder, 'tasks.json')
    await writeFile(file, JSON.stringify({ tasks: [{ name: 'a', bursts: [2, 3, 1] }, { bursts: [4] }] }))
    const { code, stdout } = await sandbox.run(['schedule', file, '--cores', '2', '--json'])
    assert.equal(code, 0)
    const { rule, tasks } = JSON.parse(stdout) as { rule: string; tasks: { name: string; endedMs: number }[] }
    assert.deepEqual([rule, ...tasks.map(({ name, endedMs }) => `${name} ${endedMs}`)], ['chorus', 'a 6', 'T2 4'])
  })

  it('draws what docs/scheduling.md shows, which has a row for each rule', async () => {
    await using sandbox = new Sandbox()
    const document = await readFile(join(root, 'docs', 'scheduling.md'), 'utf8')
    const { stdout } = await sandbox.run(['schedule', 'mixed', '--rule', 'chorus', '--width', '80'])
    const [drawn = '', starvation = ''] = stdout.split(/\n\n(?=The less urgent)/)
    assert.ok(document.includes(`$ cardumen schedule mixed --rule chorus\n${drawn}\n\`\`\``), drawn)
    assert.match(starvation, /starve/)
    for (const rule of ruleNames) assert.match(document, new RegExp(`^\\| \`${rule}\` \\|`, 'm'))
  })

  it('offers every rule that there is', async () => {
    await using sandbox = new Sandbox()
    for (const rule of ruleNames) {
      const { code, stdout } = await sandbox.run(['schedule', '--rule', rule])
      assert.equal(code, 0)
      assert.ok(stdout.startsWith(`${rule}: `))
    }
  })

  const refused: readonly (readonly [what: string, args: readonly string[], says: RegExp])[] = [
    ['a workload that there is not', ['nothing'], /There is no workload "nothing"/],
    ['a rule that there is not', ['--rule', 'fair'], /Allowed choices are chorus/],
    ['a file that there is not', ['absent.json'], /cannot be read/],
    ['no core', ['--cores', '0'], /whole number from 1 to 64/],
  ]
  for (const [what, args, says] of refused)
    it(`refuses ${what}`, async () => {
      await using sandbox = new Sandbox()
      const { code, stderr } = await sandbox.run(['schedule', ...args])
      assert.equal(code, 2)
      assert.match(stderr, says)
    })

  it('refuses a file whose workload makes no sense, and says where', async () => {
    await using sandbox = new Sandbox()
    const file = join(sandbox.folder, 'tasks.json')
    await writeFile(file, '{"tasks":[{"bursts":[1,2]}]}')
    const { code, stderr } = await sandbox.run(['schedule', file])
    assert.equal(code, 2)
    assert.match(stderr, /tasks\[0\]\.bursts is a list of 1, 3, 5/)
  })

  it('quotes nothing of a file that a terminal would obey', async () => {
    await using sandbox = new Sandbox()
    const file = join(sandbox.folder, 'tasks.json')
    for (const text of ['\u001B[31mred', '{"tasks":[{"bursts":[1]}],"\\u001b[31m":1}']) {
      await writeFile(file, text)
      const { code, stderr } = await sandbox.run(['schedule', file])
      assert.equal(code, 2)
      assert.ok(!stderr.includes('\u001B'), JSON.stringify(stderr))
    }
  })
})
