/**
 * Starts a script without waiting, goes on with something else, and reads what it printed from pipes.
 *
 * `python/start_and_read.py` is the same program in Python.
 */
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { popen } from 'cardumen/threads'

const script = fileURLToPath(new URL('./count-to-three.ts', import.meta.url))
const program = popen(process.execPath, [script])
console.log('main: started it, and did not wait')
const [output, errors] = await Promise.all([text(program.stdout), text(program.stderr)])
const { exitCode } = await program.wait()
console.log(`main: its output was ${JSON.stringify(output)}`)
console.log(`main: its errors were ${JSON.stringify(errors)}`)
console.log(`main: it ended with exit code ${exitCode}`)
