/**
 * Runs the tests: `npm test`, or `npm test -- [part of a path...] [options of node --test...]`.
 *
 * It finds the test files, hands them to Node's own runner and ends as that ends. A name that is no option keeps the files whose path contains it.
 * Type tests (`*.types.test.ts`) are left out: `tsc -b` is what runs them.
 */
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { dirname } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { sourceFiles } from './source-files.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
/** Most tests start processes of their own, so more files than cores at once only makes all of them slower. */
const filesAtOnce = Math.max(1, Math.min(4, availableParallelism()))
/** For each test; a file may take as long as its tests do. */
const timeoutMs = 120_000

const options = process.argv.slice(2).filter((argument) => argument.startsWith('-'))
const filters = process.argv.slice(2).filter((argument) => !argument.startsWith('-'))
const files = testFiles(filters)

if (files.length === 0) {
  console.error(`no test file has ${filters.join(' or ')} in its path`)
  process.exitCode = 1
} else {
  runTests(files)
}

function testFiles(parts: readonly string[]): readonly string[] {
  const all = sourceFiles(root, ['src', 'test', 'examples', 'bench'], ['.test.ts']).map((file) => file.path)
  const runnable = all.filter((path) => !path.endsWith('.types.test.ts'))
  return parts.length === 0 ? runnable : runnable.filter((path) => parts.some((part) => path.includes(part)))
}

function runTests(paths: readonly string[]): void {
  const defaults = ['--test', `--test-concurrency=${filesAtOnce}`, `--test-timeout=${timeoutMs}`]
  const child = spawn(process.execPath, [...defaults, ...options, ...paths], { cwd: root, stdio: 'inherit' })
  const pass = (signal: NodeJS.Signals): void => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, pass)
  child.once('exit', (code, signal) => {
    process.exitCode = code ?? (signal === null ? 1 : 130)
    for (const each of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(each, pass)
  })
}
