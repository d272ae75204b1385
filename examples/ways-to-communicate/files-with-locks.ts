/**
 * Two processes write into one file, each line by reading the whole file and writing it again. A lock on a second file lets only one of them
 * at a time do that; without it, lines would be lost. Run it: `node scripts/with-node.mjs examples/ways-to-communicate/files-with-locks.ts`
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { currentProcess, FileLock, Process } from 'cardumen/threads'

const linesEach = 20

/** What each of the two processes does. */
export async function writeLines(lock: FileLock, notebook: string): Promise<void> {
  for (let line = 1; line <= linesEach; line++) {
    using _held = await lock.holdAsync({ timeoutMs: 30_000 })
    const before = await readFile(notebook, 'utf8')
    await writeFile(notebook, `${before}${currentProcess().name} ${line}\n`)
  }
}

if (import.meta.main) {
  const folder = await mkdtemp(join(tmpdir(), 'notebook-'))
  const notebook = join(folder, 'notebook.txt')
  await writeFile(notebook, '')
  using lock = new FileLock(join(folder, 'notebook.lock'))
  const writers = ['Ana', 'Ben'].map(
    (name) => new Process(import.meta.url, 'writeLines', { name, args: [lock, notebook] }),
  )
  for (const writer of writers) writer.start()
  await Promise.all(writers.map((writer) => writer.join()))
  const lines = (await readFile(notebook, 'utf8')).trimEnd().split('\n')
  console.log(`${lines.length} lines of ${writers.length * linesEach} are there.`)
  for (const name of ['Ana', 'Ben']) console.log(`${name}: ${lines.filter((line) => line.startsWith(name)).length}`)
  await rm(folder, { recursive: true })
}
