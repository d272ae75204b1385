/**
 * Runs npm: the one that runs us when there is one, else the one on the path.
 *
 * What an outer npm says of its own folder and script is taken out of the environment, so that the inner one finds its own.
 */
import { spawn } from 'node:child_process'
import process from 'node:process'

const timeoutMs = 300_000

/** Resolves to what npm printed on stdout; rejects with all that it printed when it ends with another code than 0. */
export function runNpm(folder: string, list: readonly string[]): Promise<string> {
  const npm = process.env['npm_execpath']
  const isScript = npm !== undefined && /npm-cli\.c?js$/.test(npm)
  const [file, first] = isScript ? [process.execPath, [npm]] : ['npm', []]
  return new Promise((resolve, reject) => {
    const child = spawn(file, [...first, ...list], {
      cwd: folder,
      env: ownEnvironment(),
      shell: !isScript && process.platform === 'win32',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
    })
    const output = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output.stdout += chunk))
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output.stderr += chunk))
    child.once('error', reject)
    child.once('close', (code, signal) => {
      if (code === 0) resolve(output.stdout)
      else reject(new Error(`npm ${list.join(' ')} ended with ${signal ?? code}:\n${output.stdout}${output.stderr}`))
    })
  })
}

function ownEnvironment(): NodeJS.ProcessEnv {
  const outer = /^npm_(?:package_|lifecycle_|config_local_prefix$|config_prefix$)|^INIT_CWD$/i
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !outer.test(name)))
}
