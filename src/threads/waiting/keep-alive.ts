/**
 * Keeps the process alive while something is awaited that only another thread can end.
 *
 * `Atomics.waitAsync` keeps nothing alive: a program that only awaits one would end in the middle, with code 13. One timer
 * for all that is awaited does.
 */

const farAwayMs = 2_147_483_647

let awaited = 0
let timer: NodeJS.Timeout | undefined

/** Until it is disposed of. */
export function keepAlive(): Disposable {
  if (awaited++ === 0) timer = setInterval(() => undefined, farAwayMs)
  let isOver = false
  return {
    [Symbol.dispose]() {
      if (isOver) return
      isOver = true
      if (--awaited === 0) clearInterval(timer)
    },
  }
}
