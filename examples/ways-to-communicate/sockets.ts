/**
 * Two processes joined by a socket: one listens, the other connects; they could as well be on two machines. A socket is a stream of bytes, so the
 * two agree on where a message ends: here, at the end of a line. Run it: `node scripts/with-node.mjs examples/ways-to-communicate/sockets.ts`
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { lines, Process } from 'cardumen/threads'

/** The other process: connects, and asks for the square of each number. */
export async function client(port: number, numbers: readonly number[]): Promise<string[]> {
  const socket = connect(port, '127.0.0.1')
  const answers = lines(socket)
  const heard: string[] = []
  for (const number of numbers) {
    socket.write(`${number}\n`)
    const { value: answer = 'nothing' } = await answers.next()
    heard.push(`${number} squared is ${answer}`)
  }
  socket.end()
  return heard
}

async function serve(socket: Socket): Promise<void> {
  for await (const line of lines(socket)) socket.write(`${Number(line) ** 2}\n`)
}

if (import.meta.main) {
  const server = createServer((socket) => void serve(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const other = new Process<string[]>(import.meta.url, 'client', { args: [port, [3, 12, 100]] })
  other.start()
  for (const line of await other.join()) console.log(line)
  server.close()
}
