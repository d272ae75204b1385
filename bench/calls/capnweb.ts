/**
 * Cap'n Web over a WebSocket of `ws`, as its README sets it up for Node: one long-lived session, one target
 * object, no compression. The result is plain data, so nothing is left to dispose of.
 */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { newWebSocketRpcSession, RpcTarget } from 'capnweb'
import { WebSocket as NodeWebSocket, WebSocketServer } from 'ws'
import type { Caller, Contender, Echo, Serving, Setting } from './contender.ts'

class EchoTarget extends RpcTarget {
  echo(argument: Echo): Echo {
    return argument
  }
}

export const contender: Contender = { serve, connect }

async function serve(_setting: Setting): Promise<Serving> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
  server.on('connection', (socket) => newWebSocketRpcSession(standard(socket), new EchoTarget()))
  await once(server, 'listening')
  return {
    address: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const socket of server.clients) socket.terminate()
      server.close()
    },
  }
}

async function connect(_setting: Setting, address: string): Promise<Caller> {
  const socket = new NodeWebSocket(address, { perMessageDeflate: false })
  await once(socket, 'open')
  const target = newWebSocketRpcSession<EchoTarget>(standard(socket))
  return {
    call: (argument) => target.echo(argument),
    close: async () => socket.terminate(),
  }
}

/** `ws` follows the browser's interface, as capnweb's README says, but declares a type of its own. */
function standard(socket: NodeWebSocket): WebSocket {
  return socket as unknown as WebSocket
}
