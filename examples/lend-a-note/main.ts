/**
 * Lends a note to a program, and takes it back: `node examples/lend-a-note/main.ts`.
 *
 * The owner finds the note in the directory, narrows its capability to reading for one minute, enters that as well, and
 * starts a program with it and nothing else. The server is killed with `kill -9` twice on the way: both capabilities go
 * on working, until one of them is revoked. It ends with 1 where anything is not as it says.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Capability, isCardumenError, join, type System } from 'cardumen'
import { Note } from './contract.ts'

const home = mkdtempSync(joinPath(tmpdir(), 'cardumen-lend-a-note-'))
process.env['CARDUMEN_HOME'] = home
const file = joinPath(home, 'note.txt')
writeFileSync(file, 'the boat is for sale')
let server: ChildProcess | undefined
try {
  await lend()
} finally {
  server?.kill('SIGKILL')
  rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
}

async function lend(): Promise<void> {
  await using system = await join({ name: 'owner' })
  await system.offerDirectory() // Else the server, which needs it first, serves it too, and takes it along when it is killed.
  server = await startServer()
  const mine = (await system.directory.lookup('/note')).capability
  await system.directory.create('/lent')
  await system.directory.enter('/lent/note', mine.restrict({ rights: 'read', expiresAt: Date.now() + 60_000 }))
  const lent = (await system.directory.lookup('/lent/note')).capability
  console.log(`Lent as /lent/note: ${String(lent)}`)

  const told = await toldByBorrower(system, lent)
  assert.match(told, /^has been given: note$/m)
  assert.match(told, /^reads "the boat is for sale"$/m)
  assert.match(told, /^writes: right-missing, executed: no\b/m)
  assert.match(told, /^looks into the directory: root-absent\b/m)

  await restartServer()
  assert.equal(await system.open(Note, lent).read(), 'the boat is for sale')
  console.log('The program’s capability works as before, at another process.')
  await system.open(Note, mine).write('the boat is sold')
  console.log('So does the owner’s: the note was changed.')

  await system.revoke(mine, { branch: lent })
  console.log('The owner has taken the program’s capability back.')
  await restartServer()
  assert.match(await toldByBorrower(system, lent), /^reads: capability-revoked, executed: no\b/m)
  assert.equal(await codeOf(system.open(Note, '/lent/note').read()), 'capability-revoked')
  console.log('The name /lent/note still leads there, and opens nothing any more.')
  assert.equal(await system.open(Note, '/note').read(), 'the boat is sold')
  console.log('The owner’s capability, found under /note, still does.')
}

/** Starts the program with one capability, and prints what it says. */
async function toldByBorrower(system: System, note: Capability): Promise<string> {
  const program = await system.run(new URL('./borrower.ts', import.meta.url), { capabilities: { note } })
  const [told, errors, { code }] = await Promise.all([program.stdout.text(), program.stderr.text(), program.exit])
  console.log(told.trimEnd().replaceAll(/^/gm, '  the program '))
  assert.equal(code, 0, errors)
  return told
}

async function startServer(): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('./server.ts', import.meta.url))
  const child = spawn(process.execPath, [script, file], { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of child.stdout) {
    console.log(`The server ${String(line).trim()}.`)
    return child
  }
  throw new Error('The server ended before it served.')
}

async function restartServer(): Promise<void> {
  const died = server && once(server, 'exit')
  server?.kill('SIGKILL')
  await died
  console.log('The server was killed with kill -9.')
  server = await startServer()
}

async function codeOf(call: Promise<unknown>): Promise<string | undefined> {
  try {
    await call
    return undefined
  } catch (error) {
    if (isCardumenError(error)) return error.code
    throw error
  }
}
