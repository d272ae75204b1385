#!/usr/bin/env node
/**
 * The command `cardumen`.
 *
 * This file only prepares the process: it refuses a Node that is too old in words that its user understands, goes back
 * to the folder where npm was called, and switches the cache of compiled code on before anything else is loaded.
 */
import * as nodeModule from 'node:module'
import process from 'node:process'
import { compileCacheFolder } from '../host/compile-cache.ts'

const nodeMajorMin = 24

if (Number.parseInt(process.versions.node, 10) < nodeMajorMin) {
  process.stderr.write(`cardumen needs Node ${nodeMajorMin} or later; this is ${process.versions.node}\n`)
  process.exit(1)
}
// "npm run cardumen" runs it in the folder of the package, whereas the user means the files of the own one.
const calledFrom = process.env['INIT_CWD']
if (process.env['npm_lifecycle_event'] === 'cardumen' && calledFrom !== undefined) process.chdir(calledFrom)
process.env['NODE_COMPILE_CACHE'] ??= compileCacheFolder()
nodeModule.enableCompileCache(process.env['NODE_COMPILE_CACHE'])
const { runCommandLine } = await import('./command-line.ts')
await runCommandLine(process.argv.slice(2))
