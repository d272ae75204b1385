/** `call` and `trace`: talking to services without a program, and watching members do it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ended, Sandbox, until } from './fixtures/sandbox.ts'

const greeter = fileURLToPath(new URL('./fixtures/greeter.ts', import.meta.url))

/** A sandbox with one member, and the greeter served in it. */
async function greeting(): Promise<Sandbox> {
  const sandbox = new Sandbox()
  await sandbox.run(['up', '--members', '1'])
  const child = sandbox.start(['run', greeter])
  await once(child.stdout ?? child, 'data')
  return sandbox
}

describe('call', { timeout: 60_000 }, () => {
  it('takes JSON from the command line or from a pipe, and prints JSON', async () => {
    await using sandbox = await greeting()
    const direct = await sandbox.run(['call', 'greeter', 'greet', '{"who":"you"}'])
    assert.deepEqual([direct.code, direct.stdout, direct.stderr], [0, '"hello you"\n', ''])
    const piped = await sandbox.run(['call', 'greeter', 'greet', '-'], { input: '{"who":"pipe"}\n' })
    assert.equal(piped.stdout, '"hello pipe"\n')
    assert.equal((await sandbox.run(['call', 'greeter', 'bytes'])).stdout, '"AQID"\n')
  })

  it('prints each result of a stream on a line, for as long as somebody reads', async () => {
    await using sandbox = await greeting()
    const three = await sandbox.run(['call', 'greeter', 'countTo', '3', '--stream'])
    assert.deepEqual([three.code, three.stdout], [0, '1\n2\n3\n'])
    const { code, stdout, stderr } = await sandbox.shell(
      'set -o pipefail; cardumen call greeter countTo 1000000 --stream | head -2',
    )
    assert.deepEqual([code, stdout, stderr], [0, '1\n2\n', ''])
  })

  const refused: readonly (readonly [what: string, args: readonly string[], code: number, text: RegExp])[] = [
    [
      'a name that nobody serves',
      ['nobody', 'greet'],
      1,
      /^error \[name-unknown\].*\nnext: Names in use: greeter, member\.host-of-greeter, member\.m1, run\n$/,
    ],
    ['an operation that is not there', ['greeter', 'shout'], 1, /^error \[operation-unknown\].*greet, countTo/],
    ['an argument that does not fit', ['greeter', 'greet', '{"who":1}'], 1, /^error \[input-refused\].*who/],
    ['an argument that is no JSON', ['greeter', 'greet', '{who:'], 2, /^error \[option-invalid\].*\nnext: Quote it/],
    ['a name that cannot be one', ['Greeter!', 'greet'], 2, /^error \[name-invalid\]/],
  ]

  it('refuses with a code and a next step', async () => {
    await using sandbox = await greeting()
    for (const [what, args, code, text] of refused) {
      const result = await sandbox.run(['call', ...args])
      assert.equal(result.code, code, `${what}: ${result.stderr}`)
      assert.match(result.stderr, text, what)
      assert.equal(result.stdout, '', what)
    }
  })
})

interface Step {
  readonly v: number
  readonly atMs: number
  readonly machine: string
  readonly member: string
}

describe('trace', { timeout: 60_000 }, () => {
  it('follows the steps of every member as lines of JSON in the order of time', async () => {
    await using sandbox = await greeting()
    const child = sandbox.start(['trace', '--follow', '--machine', 'rpc'])
    const end = ended(child)
    const steps: Step[] = []
    let rest = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n')
      rest = lines.pop() ?? ''
      steps.push(...lines.map((line) => JSON.parse(line) as Step))
    })
    await until('steps of both members were seen', async () => {
      await sandbox.run(['call', 'greeter', 'greet', '{"who":"you"}'])
      await sandbox.run(['call', 'member.m1', 'status'])
      return new Set(steps.map((step) => step.member.split('#')[0])).size >= 2
    })
    child.kill('SIGTERM')
    const { code, stderr } = await end
    assert.deepEqual([code, stderr], [143, ''])
    assert(steps.every((step) => step.v === 1 && step.machine === 'rpc'))
    const times = steps.map((step) => step.atMs)
    assert.deepEqual(
      times,
      times.toSorted((left, right) => left - right),
    )
  })

  it('without --follow ends by itself and says how much it saw', async () => {
    await using sandbox = new Sandbox()
    await sandbox.run(['up', '--members', '2'])
    const { code, stderr } = await sandbox.run(['trace', '--for', '300ms', '--member', 'm1'])
    assert.equal(code, 0)
    assert.match(stderr, /^\d+ steps? of 1 member in 300 ms\.\n$/)
    assert.equal((await sandbox.run(['trace', '--member', 'm5'])).code, 1)
  })
})
