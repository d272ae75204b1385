/**
 * Starts the pairs of processes of several contenders and keeps them until the suite is done.
 *
 * All pairs live through all rounds, warm and idle while another is measured, each with a folder of its own.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Remote } from '../harness/remote.ts'
import type { Context } from '../harness/suite.ts'
import type { ClientMethods } from './client-process.ts'
import type { Entrant } from './entrants.ts'
import type { Pairing } from './pairing.ts'

export type Client = Remote<ClientMethods>

const CLIENT = new URL('./client-process.ts', import.meta.url)

/** Runs `use` with a connected client process for each entrant; ends them all afterwards, whatever happened. */
export async function withPairs<T>(
  entrants: readonly Entrant[],
  context: Context,
  core: number | undefined,
  use: (client: (name: string) => Client) => Promise<T>,
): Promise<T> {
  const clients = new Map<string, Client>()
  try {
    for (const entrant of entrants) {
      context.progress.say(`starting ${entrant.name}`)
      const folder = join(context.folder, `${clients.size}${core === undefined ? 'f' : 'p'}`)
      await mkdir(folder)
      const pairing: Pairing = { module: entrant.module.href, setting: { transport: entrant.transport, folder } }
      const client: Client = new Remote(CLIENT, pairing, { core })
      clients.set(entrant.name, client)
      await client.request('ready', null)
    }
    return await use((name) => found(clients, name))
  } finally {
    await Promise.all([...clients.values()].map((client) => client.close()))
  }
}

function found(clients: ReadonlyMap<string, Client>, name: string): Client {
  const client = clients.get(name)
  if (client === undefined) throw new Error(`"${name}" was not started`)
  return client
}
