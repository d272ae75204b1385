/**
 * The four quadrants: one or three processes, with one or three threads each. Every thread counts to 1000 in three places.
 *
 * What the table shows is who sees whose counting: a variable belongs to one thread, a shared array to one process, and a file
 * to all.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Process } from 'cardumen/threads'
import { type Counted, countInThreads } from './work.ts'

const folder = mkdtempSync(join(tmpdir(), 'learn-quadrants-'))

/** All that one quadrant counted: an element for each of its processes. */
async function quadrant(processes: number, threads: number, file: string): Promise<Counted[]> {
  if (processes === 1) return [await countInThreads(threads, file)]
  const work = new URL('./work.ts', import.meta.url)
  const args = [threads, file]
  const children = Array.from({ length: processes }, () => new Process<Counted>(work, 'countInThreads', { args }))
  for (const child of children) child.start()
  return await Promise.all(children.map((child) => child.join()))
}

const widths = [11, 14, 51, 32, 0]

function print(...cells: readonly unknown[]): void {
  console.log(cells.map((cell, at) => String(cell).padEnd(widths[at] ?? 0)).join(''))
}

print('processes', 'threads each', 'each thread: its variable', 'each process: its shared array', 'all: the file')
for (const processes of [1, 3])
  for (const threads of [1, 3]) {
    const file = join(folder, `${processes}-${threads}`)
    writeFileSync(file, '0')
    const counted = await quadrant(processes, threads, file)
    const variables = counted.map((each) => each.variables.join(' ')).join(' | ')
    const arrays = counted.map((each) => each.shared).join(' | ')
    print(processes, threads, variables, arrays, readFileSync(file, 'utf8'))
  }
rmSync(folder, { recursive: true })
