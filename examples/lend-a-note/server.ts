/**
 * Serves one note, which lies in a file: `node examples/lend-a-note/server.ts <file>`.
 *
 * Its identity is kept, so what it gave out goes on working when it starts again, and what was revoked stays revoked.
 * The note itself it keeps too: a capability outlives the process, the object only does where its server sees to it.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { isCardumenError, join } from 'cardumen'
import { Note } from './contract.ts'

const [file = 'note.txt'] = process.argv.slice(2)
await using system = await join({ name: 'note-server' })
const notes = await system.serve(
  Note,
  { read: () => readFileSync(file, 'utf8'), write: (text) => writeFileSync(file, text) },
  { identity: 'notes' },
)
try {
  await system.directory.enter('/note', notes.capabilityFor(1))
} catch (error) {
  if (!isCardumenError(error, 'name-exists')) throw error // An earlier life has entered it: the name leads here.
}
console.log(`serves the note in process ${process.pid}`)
await system.ended
