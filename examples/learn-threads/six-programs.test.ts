/** The six programs print what their Python twins print, line by line, and what the page for students shows. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { assertDocumented } from '../../test/learn/documented.ts'

const timeoutMs = 60_000
const programs = [
  'process-from-function',
  'run-and-wait',
  'start-and-read',
  'two-named-threads',
  'thread-class',
  'thread-that-starts-a-thread',
]
const python = ['python3', 'python'].find((name) => spawnSync(name, ['--version']).status === 0)
const skip = python === undefined ? 'python3 is missing: apt-get install -y python3' : false

for (const program of programs) {
  const file = `./${program}.ts`

  test(`${program} prints what its Python twin prints`, { skip }, () => {
    const twin = `./python/${program.replaceAll('-', '_')}.py`
    assert.deepEqual(
      withNamedProcesses(printedBy(process.execPath, file)),
      withNamedProcesses(printedBy(python ?? '', twin)),
    )
  })

  test(`${program} prints what the page for students shows`, () => {
    assertDocumented(`examples/learn-threads/${program}.ts`, printedBy(process.execPath, file).output)
  })
}

interface Printed {
  readonly output: readonly string[]
  readonly errors: readonly string[]
}

function printedBy(command: string, file: string): Printed {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const { stdout, stderr, status } = spawnSync(command, [path], { encoding: 'utf8', timeout: timeoutMs })
  assert.equal(status, 0, stderr)
  return { output: stdout.trimEnd().split('\n'), errors: stderr.trimEnd().split('\n') }
}

/** Process numbers become names, so that who is whose parent is compared too. */
function withNamedProcesses({ output, errors }: Printed): Printed {
  const pids = new Map<string, string>()
  const named = output.map((line) =>
    line.replaceAll(/\b(pid is|parent's is) (\d+)/g, (_all, what: string, pid: string) => {
      if (!pids.has(pid)) pids.set(pid, `process ${pids.size + 1}`)
      return `${what} ${pids.get(pid)}`
    }),
  )
  return { output: named, errors }
}
