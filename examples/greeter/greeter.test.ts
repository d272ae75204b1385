/** Two servers and a client in processes of their own; a server is killed while it is called. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, afterEach, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

const home = mkdtempSync(join(tmpdir(), 'cardumen-greeter-'))
const children: ChildProcess[] = []
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
})
after(() => rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }))

function start(name: 'server' | 'client', ...list: readonly string[]): ChildProcess {
  const script = fileURLToPath(new URL(`./${name}.ts`, import.meta.url))
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined, CARDUMEN_HOME: home }
  const child = spawn(process.execPath, [script, ...list], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  return child
}

async function startServer(): Promise<ChildProcess> {
  const server = start('server')
  for await (const line of linesOf(server)) if (line.startsWith('greeter serves')) return server
  throw new Error('the server ended before it served')
}

function linesOf(child: ChildProcess): AsyncIterable<string> {
  if (child.stdout === null) throw new Error('the output is not piped')
  return createInterface({ input: child.stdout, terminal: false })
}

async function codeOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return child.exitCode
}

describe('the greeter', () => {
  it('answers a client in another process, and counts down for it', async () => {
    const server = await startServer()
    const lines: string[] = []
    for await (const line of linesOf(start('client', 'Ada'))) lines.push(line)
    assert.deepEqual(lines, [`Hello Ada, says process ${server.pid}`, '3', '2', '1'])
  })

  it('goes on when one of two servers is killed while it is called', async () => {
    const [first, second] = [await startServer(), await startServer()]
    const client = start('client', 'Ada', '3000')
    const greetings = new Map<string, number>()
    let total = 0
    for await (const line of linesOf(client)) {
      if (!line.startsWith('Hello')) continue
      greetings.set(line, (greetings.get(line) ?? 0) + 1)
      if (++total === 1_000) first.kill('SIGKILL')
    }
    assert.equal(total, 3_000)
    assert.equal(greetings.size, 2)
    assert.ok((greetings.get(`Hello Ada, says process ${second.pid}`) ?? 0) > 1_500)
    assert.equal(await codeOf(client), 0)
  })

  it('tells its caller that nobody serves, and that nothing ran', async () => {
    const client = start('client')
    const lines: string[] = []
    for await (const line of linesOf(client)) lines.push(line)
    assert.equal(await codeOf(client), 1)
    assert.deepEqual(lines, [])
  })
})
