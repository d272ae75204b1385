/**
 * Runs a script of this checkout with a Node that can: `node scripts/with-node.mjs <script.ts> [arguments...]`.
 *
 * The machine's own Node when it is new enough, else the one in scripts/node. The script's arguments pass through unchanged, its streams are
 * ours, and it ends us the way it ended: with its code, or by its signal. The compile cache is on for it and for all that it starts,
 * unless the environment says where it should be. Plain JavaScript: it runs on Node 20.
 */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { nodeForSources } from './node-version.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const parentPollMs = 200
const [script, ...scriptArguments] = process.argv.slice(2)

if (script === undefined) fail('usage: node scripts/with-node.mjs <script> [arguments...]')
else run(resolve(root, script), scriptArguments)

function run(path, list) {
  const env = {
    ...process.env,
    NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? join(root, 'node_modules', '.cache', 'node-compile'),
  }
  let node
  try {
    node = nodeForSources()
  } catch (error) {
    fail(error.message)
    return
  }
  const child = spawn(node, [path, ...list], { stdio: 'inherit', env })
  const release = passSignals(child)
  endWithNpm(child)
  child.once('error', (error) => fail(`${node} did not start: ${error.message}`))
  child.once('exit', (code, signal) => {
    release()
    if (signal === null) process.exitCode = code ?? 1
    else dieBy(signal)
  })
}

/** A terminal sends Ctrl-C to the whole group, so only a signal that reached us alone is passed on. Returns how to stop listening. */
function passSignals(child) {
  const fromTerminal = process.stdin.isTTY === true
  const pass = (signal) => {
    if (signal === 'SIGINT' && fromTerminal) return
    child.kill(signal)
  }
  const signals = process.platform === 'win32' ? ['SIGINT'] : ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2']
  for (const signal of signals) process.on(signal, pass)
  return () => {
    for (const signal of signals) process.off(signal, pass)
  }
}

/** npm passes a signal to the shell between us and itself, which dies of it and tells nobody: its death is our signal. */
function endWithNpm(child) {
  if (process.env['npm_lifecycle_event'] === undefined || process.platform === 'win32') return
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    child.kill('SIGTERM')
  }, parentPollMs)
  watch.unref()
}

/** What waits for us shall see the signal too; where that cannot be, the shell's number for it. */
function dieBy(signal) {
  process.exitCode = 128 + (constants.signals[signal] ?? 0)
  if (process.platform !== 'win32') process.kill(process.pid, signal)
}

function fail(message) {
  process.stderr.write(`cardumen: ${message}\n`)
  process.exitCode = 1
}
