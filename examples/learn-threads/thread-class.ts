/**
 * A thread that is a class with its own `run`. The instance is made in the thread itself, since no instance can travel there.
 *
 * `python/thread_class.py` is the same program in Python.
 */
import { Thread } from 'cardumen/threads'

const countdown = Thread.of<string>(new URL('./work.ts', import.meta.url), 'Countdown', {
  name: 'countdown',
  args: [3],
})
countdown.start()
console.log(`main: the countdown says ${await countdown.joinAsync()}`)
