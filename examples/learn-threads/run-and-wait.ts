/**
 * Runs a script and waits until it has ended.
 *
 * `python/run_and_wait.py` is the same program in Python.
 */
import { fileURLToPath } from 'node:url'
import { run } from 'cardumen/threads'

const script = fileURLToPath(new URL('./count-to-three.ts', import.meta.url))
console.log('before the script')
const { exitCode } = await run(process.execPath, [script], { output: 'inherit' })
console.log(`after the script, which ended with exit code ${exitCode}`)
