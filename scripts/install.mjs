/**
 * Installs what a command needs before it runs: `node scripts/install.mjs [folder...]`.
 *
 * Plain JavaScript for Node 20 and npm 10, since it runs before anything of ours is there. It installs this folder's packages,
 * those of the folders named as arguments (`bench`), and, where the machine's own Node is too old for the sources, a Node for this
 * checkout (scripts/node). All output goes to stderr, so that `npm run --silent x > file` stays clean.
 *
 * A stamp inside node_modules holds the lockfile's hash: a second run compares it and installs nothing. npm empties node_modules before it fills
 * it, and the stamp is written last, so an interrupted install leaves no stamp and is simply done again.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { withTurn } from './install-queue.mjs'
import { isNodeNewEnough } from './node-version.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const folders = [root, ...process.argv.slice(2).map((name) => join(root, name))]
if (!isNodeNewEnough(process.versions.node)) folders.push(join(root, 'scripts', 'node'))

try {
  if (!folders.every(isInstalled))
    await withTurn(join(root, '.install-queue'), (share) => installMissing(folders, share))
} catch (error) {
  process.stderr.write(`cardumen: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}

/** Whoever waited for its turn finds the work done: the question is asked again inside. */
async function installMissing(all, share) {
  for (const folder of all) {
    if (isInstalled(folder)) continue
    const stamp = stampOf(folder)
    process.stderr.write(`cardumen: installing packages in ${folder}\n`)
    await installCleanly(folder, share)
    mkdirSync(join(folder, 'node_modules'), { recursive: true })
    writeFileSync(stampFile(folder), stamp)
  }
}

function isInstalled(folder) {
  return existsSync(stampFile(folder)) && readFileSync(stampFile(folder), 'utf8') === stampOf(folder)
}

function stampFile(folder) {
  return join(folder, 'node_modules', '.cardumen-installed')
}

/** The platform is part of it: a checkout shared between two systems needs the other's native packages. */
function stampOf(folder) {
  const lockfile = join(folder, 'package-lock.json')
  if (!existsSync(lockfile)) throw new Error(`${lockfile} is missing: this checkout is incomplete, clone it again`)
  const hash = createHash('sha256').update(readFileSync(lockfile))
  return `${hash.digest('hex')} ${process.platform} ${process.arch}\n`
}

/** Runs `npm ci` with the same npm that runs us, or the one on the path. Rejects with what to do next. */
function installCleanly(folder, share) {
  const options = [
    'ci',
    '--ignore-scripts',
    '--include=dev',
    '--include=optional',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]
  const npm = process.env['npm_execpath']
  const isScript = npm !== undefined && /npm-cli\.c?js$/.test(npm)
  const [file, first] = isScript ? [process.execPath, [npm]] : ['npm', []]
  return new Promise((resolve, reject) => {
    const child = spawn(file, [...first, ...options], {
      cwd: folder,
      env: environmentFor(folder),
      shell: !isScript && process.platform === 'win32',
      stdio: ['ignore', 2, 2],
    })
    if (child.pid !== undefined) share(child.pid)
    const stop = (signal) => child.kill(signal)
    process.once('SIGINT', stop).once('SIGTERM', stop)
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      if (code === 0) resolve(undefined)
      else
        reject(
          new Error(
            `npm ci in ${folder} ended with ${signal ?? `code ${code}`}: see its message above, then run the same command again`,
          ),
        )
    })
  })
}

/** An npm above us names its own folder and script in the environment; the npm below must find its own. */
function environmentFor(folder) {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^npm_(package_|lifecycle_|config_local_prefix$|config_prefix$)/i.test(name),
  )
  return { ...Object.fromEntries(inherited), INIT_CWD: folder }
}
