/**
 * A process made from a function: it has its own number, and its parent's is ours.
 *
 * `python/process_from_function.py` is the same program in Python.
 */
import { Process } from 'cardumen/threads'

console.log(`main: my pid is ${process.pid}`)
const child = new Process(new URL('./work.ts', import.meta.url), 'tellPids', { args: ['child'] })
child.start()
await child.join()
console.log(`main: the child ended with exit code ${child.exitCode}`)
