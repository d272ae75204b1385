/**
 * A thread starts another one, which sleeps; the first waits for it, the main thread waits for the first.
 *
 * `python/thread_that_starts_a_thread.py` is the same program in Python.
 */
import { Thread } from 'cardumen/threads'

const outer = new Thread(new URL('./work.ts', import.meta.url), 'startSleeper', { name: 'outer' })
outer.start()
await outer.joinAsync()
console.log('main: all have ended')
