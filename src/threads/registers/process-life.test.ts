/** Which processes are certainly dead. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { test } from 'node:test'
import { hiddenLife, isCertainlyDead, lifeNamespace, ownLife, pidOfLife } from './process-life.ts'

const onLinux = { skip: process.platform === 'linux' ? false : 'only Linux tells when a process started' }
const module = new URL('./process-life.ts', import.meta.url).href

test('a process knows itself, and is not dead', () => {
  assert.equal(pidOfLife(ownLife()), process.pid)
  assert.equal(ownLife(), ownLife())
  assert.equal(isCertainlyDead(ownLife()), false)
})

test('a process that ended is dead, and was not before', onLinux, async () => {
  const code = `import { ownLife } from ${JSON.stringify(module)}; console.log(ownLife()); process.stdin.resume()`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const life = Number(line)
  assert.equal(pidOfLife(life), child.pid)
  assert.equal(isCertainlyDead(life), false)
  child.stdin.end()
  await once(child, 'exit')
  assert.equal(isCertainlyDead(life), true)
})

test('a process that was given the identifier of another one is not that one', onLinux, () => {
  assert.equal(isCertainlyDead(ownLife() + 1), true)
})

test('what nobody knows for certain counts as alive', onLinux, () => {
  assert.ok(lifeNamespace() > 0 && Number.isSafeInteger(lifeNamespace()))
  // No customer; a life without a start time; what no process ever wrote.
  for (const life of [0, hiddenLife(), Number.NaN, -1, 0.5]) assert.equal(isCertainlyDead(life), false)
})
