/** What the bar writes on a terminal and into a pipe. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ProgressBar } from './progress-bar.ts'

function written(isTTY: boolean, use: (bar: ProgressBar) => void): string {
  let text = ''
  const bar = new ProgressBar('work', {
    isTTY,
    write: (chunk: unknown) => {
      text += String(chunk)
      return true
    },
  })
  use(bar)
  bar[Symbol.dispose]()
  return text
}

it('a pipe gets a line for each quarter and no control characters', () => {
  const text = written(false, (bar) => {
    for (let done = 1; done <= 8; done++) bar.show(done, 8)
    bar.say('something happened')
  })
  assert.equal(text, 'work 25 %\nwork 50 %\nwork 75 %\nwork 100 %\nsomething happened\n')
})

it('a terminal gets one line that is drawn over, and erased in the end', () => {
  const text = written(true, (bar) => bar.show(8, 8))
  assert.equal(text, `\r\u001b[Kwork ${'█'.repeat(30)} 100 %\r\u001b[K`)
})
