/**
 * Two threads with names, one with positional arguments, one with arguments by their names.
 *
 * They run one after the other here, so that what they print has an order. `python/two_named_threads.py` is the same in Python.
 */
import { Thread } from 'cardumen/threads'

const work = new URL('./work.ts', import.meta.url)
const threads = [
  new Thread(work, 'order', { name: 'waiter', args: ['coffee', 2] }),
  new Thread(work, 'orderByName', { name: 'cook', args: [{ drink: 'tea', cups: 3 }] }),
]
for (const thread of threads) {
  thread.start()
  await thread.joinAsync()
  console.log(`main: ${thread.name} has ended`)
}
