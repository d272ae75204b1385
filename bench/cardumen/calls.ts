/**
 * Our side of `calls` and `bulk`: a service of one member, called by another over a link.
 *
 * Everything is as it comes: zod checks the input at the server and the output at the client, calls are at most once, and
 * small and large messages share one link at one priority. Only the network is chosen, Unix sockets or TCP.
 */
import { join } from '../../src/cardumen.ts'
import type { Contender } from '../calls/contender.ts'
import { EchoService, echoName } from './echo-service.ts'

export const contender: Contender = {
  async serve(setting) {
    const system = await join({ home: setting.folder, network: setting.transport, name: 'server' })
    await system.serve(EchoService, { echo: (argument) => argument, bulk: (bytes) => bytes }, { name: echoName })
    return { address: echoName, close: () => system.close() }
  },

  async connect(setting, address) {
    const system = await join({ home: setting.folder, network: setting.transport, name: 'client' })
    const client = system.open(EchoService, address)
    return {
      call: (argument) => client.echo(argument),
      bulk: (bytes) => client.bulk(bytes),
      close: () => system.close(),
    }
  },
}
