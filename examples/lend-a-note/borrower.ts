/**
 * The program that borrows: it reads the note and tries what it may not. Nothing in it says how much it may do; that is
 * decided by the one capability that it is started with.
 */
import { isCardumenError, join } from 'cardumen'
import { Note } from './contract.ts'

await using system = await join()
const { note: capability, ...others } = system.environment
if (capability === undefined) throw new Error('This program must be started with a capability called "note".')
const note = system.open(Note, capability)

console.log(`has been given: ${['note', ...Object.keys(others)].join(', ')}`)
await attempt('reads', async () => console.log(`reads "${await note.read()}"`))
await attempt('writes', async () => console.log(`writes ${String(await note.write('sold!'))}`))
await attempt('looks into the directory', async () =>
  console.log(`sees ${(await system.directory.lookup('/note')).name}`),
)

async function attempt(what: string, act: () => Promise<void>): Promise<void> {
  try {
    await act()
  } catch (error) {
    if (!isCardumenError(error)) throw error
    console.log(`${what}: ${error.code}, executed: ${error.executed}. ${error.message}`)
  }
}
