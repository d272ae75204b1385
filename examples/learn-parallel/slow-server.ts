/** A server that takes its time: it lets everybody who connects wait, and then hangs up. Any number can wait at once. */
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

export async function startSlowServer(answerMs: number): Promise<{ readonly port: number; close(): void }> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    setTimeout(() => socket.end('done\n'), answerMs)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() }
}
