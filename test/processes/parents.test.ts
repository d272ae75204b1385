/** What becomes of processes when the one that started them ends, and of a parent when its processes do. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isGone, stateOf, until } from './fixtures/observing.ts'

const parentModule = fileURLToPath(new URL('./fixtures/parent.ts', import.meta.url))

interface Family {
  readonly parent: number
  readonly children: readonly number[]
  readonly ended: Promise<number | null>
  readonly errors: Promise<string>
}

async function family(how: string, kind: string, ...functions: string[]): Promise<Family> {
  const child = spawn(process.execPath, [parentModule, how, kind, ...functions], { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'exit').then(([code]) => code as number | null)
  const errors = text(child.stderr)
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  return { parent: child.pid as number, children: JSON.parse(line) as number[], ended, errors }
}

async function allGone(children: readonly number[]): Promise<void> {
  await until(() => children.every(isGone), 'the processes are gone')
}

describe('the end of a parent', { timeout: 120_000 }, () => {
  it('by kill -9 ends its processes, also those in an endless loop or deaf to SIGTERM', async () => {
    const { parent, children, ended } = await family('stays', '', 'idles', 'spins', 'ignoresTerminate')
    process.kill(parent, 'SIGKILL')
    await ended
    await allGone(children)
  })

  it('by kill -9 ends a process that was stopped as soon as it goes on', async () => {
    const { parent, children, ended } = await family('stays', '', 'idles')
    const [child = 0] = children
    process.kill(child, 'SIGSTOP')
    await until(() => stateOf(child) === 'T', 'it is stopped')
    process.kill(parent, 'SIGKILL')
    await ended
    assert.equal(stateOf(child), 'T')
    process.kill(child, 'SIGCONT')
    await allGone(children)
  })

  it('waits for processes that are no daemons', async () => {
    const { children, ended } = await family('returns', '', 'add', 'idles')
    const [, idle = 0] = children
    await until(() => isGone(children[0] as number), 'the first has ended')
    assert.ok(!isGone(idle))
    process.kill(idle, 'SIGTERM')
    assert.equal(await ended, 0)
  })

  it('does not wait for daemons and takes them along', async () => {
    const { children, ended } = await family('returns', 'daemon', 'idles', 'spins')
    assert.equal(await ended, 0)
    await allGone(children)
  })

  it('by process.exit or by an error takes all of them along', async () => {
    for (const [how, code] of [
      ['exits', 0],
      ['throws', 1],
    ] as const) {
      const { children, ended } = await family(how, '', 'idles')
      assert.equal(await ended, code)
      await allGone(children)
    }
  })

  it('that is stopped ends none of its processes', async () => {
    const { parent, children, ended } = await family('stays', '', 'idles')
    process.kill(parent, 'SIGSTOP')
    await until(() => stateOf(parent) === 'T', 'the parent is stopped')
    assert.ok(children.every((child) => !isGone(child)))
    process.kill(parent, 'SIGCONT')
    process.kill(parent, 'SIGKILL')
    await ended
    await allGone(children)
  })
})

describe('an error of a process', { timeout: 60_000 }, () => {
  it('that nobody waits for is told on stderr with the name of the process, once', async () => {
    const { errors, ended, children } = await family('returns', '', 'fails')
    assert.equal(await ended, 0)
    const told = await errors
    assert.match(
      told,
      new RegExp(`process "process 1" \\(pid ${children[0]}\\) ended with an error that nobody waited for:\n`),
    )
    assert.equal(told.split('TypeError').length, 2)
  })

  it('that nobody caught is told there by the process itself, with its name', async () => {
    const { errors, ended, children } = await family('returns', '', 'failsLater')
    assert.equal(await ended, 0)
    assert.match(
      await errors,
      new RegExp(`process "process 1" \\(pid ${children[0]}\\) ends by an error that nobody caught:\n[^]*Error: 1`),
    )
  })
})
