/**
 * The tools that hold our walls, each as a program with its arguments, run in a folder that is this checkout or a copy of it.
 *
 * They run from this checkout's node_modules by their paths, so that a copy needs no installation of its own.
 */
import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

/** The folder of this checkout. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)))

export type Finding = {
  readonly code: number
  /** All that the tool printed, in the order in which it came. */
  readonly output: string
}

const timeoutMs = 120_000
/** More than any tool has to say; what comes after is dropped. */
const outputBytesMax = 4 * 1024 * 1024

/** Every room's types, by project references, so that an upward import has no project to come from. */
export function checkTypes(folder: string): Promise<Finding> {
  return runTool(folder, 'typescript/bin/tsc', ['-b', '--pretty', 'false'])
}

/** Every room below the public faces and these, without tests, examples and scripts: what the published package is made of. */
export function compileSources(folder: string): Promise<Finding> {
  return runTool(folder, 'typescript/bin/tsc', ['-b', 'src', '--pretty', 'false'])
}

/** The benches are a project of their own, since their packages are. */
export function checkBenchTypes(folder: string): Promise<Finding> {
  return runTool(folder, 'typescript/bin/tsc', ['-p', 'bench', '--noEmit', '--pretty', 'false'])
}

export function lint(folder: string, format: 'default' | 'json' = 'default'): Promise<Finding> {
  return runTool(folder, 'oxlint/bin/oxlint', [
    '--type-aware',
    '--report-unused-disable-directives',
    `--format=${format}`,
  ])
}

export function checkFormat(folder: string): Promise<Finding> {
  return runTool(folder, '@biomejs/biome/bin/biome', ['format', '--max-diagnostics=200', '.'])
}

/** Files, exports and dependencies that nothing uses. */
export function findDeadCode(folder: string): Promise<Finding> {
  return runTool(folder, 'knip/bin/knip.js', ['--no-progress', '--no-config-hints'])
}

function runTool(folder: string, script: string, list: readonly string[]): Promise<Finding> {
  return new Promise((resolve, reject) => {
    const path = join(root, 'node_modules', script)
    const child = spawn(process.execPath, [path, ...list], {
      cwd: folder,
      timeout: timeoutMs,
      env: { ...process.env, NO_COLOR: '1' },
    })
    let output = ''
    const take = (chunk: string): void => {
      if (output.length < outputBytesMax) output += chunk
    }
    child.stdout.setEncoding('utf8').on('data', take)
    child.stderr.setEncoding('utf8').on('data', take)
    child.once('error', reject)
    child.once('close', (code, signal) => {
      resolve({ code: code ?? 1, output: signal === null ? output : `${output}\nended by ${signal}\n` })
    })
  })
}
