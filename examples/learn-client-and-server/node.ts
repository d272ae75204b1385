/**
 * One node: it serves clients at one port and its neighbour at another, and is itself a client of its neighbour.
 *
 * Nothing here blocks: while one question waits for the neighbour's answer, others are taken. So two nodes that ask each other at the
 * same moment do not wait for each other for ever.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { Channel } from 'cardumen/threads'
import { type Ports, Questions } from './client.ts'

export interface NodeReport {
  readonly forClients: number
  readonly forNeighbour: number
  /** Answers of the neighbour that are not what this node would have worked out. */
  readonly wrong: number
}

export async function serve(
  name: string,
  { fromNode, toNode }: { readonly fromNode: Channel<Ports>; readonly toNode: Channel<number> },
): Promise<NodeReport> {
  const report = { forClients: 0, forNeighbour: 0, wrong: 0 }
  const neighbour = Promise.withResolvers<Questions>()
  const forClients = await listen(async (question) => {
    const asked = await neighbour.promise
    const answer = await asked.ask(question)
    if (answer !== String(square(question))) report.wrong++
    report.forClients++
    return `${question} squared is ${answer}, says ${name}'s neighbour`
  })
  const forNeighbour = await listen(async (question) => {
    report.forNeighbour++
    return String(square(question))
  })
  await fromNode.sendAsync({ clients: portOf(forClients), neighbours: portOf(forNeighbour) })
  const questions = new Questions(connect(await toNode.receiveAsync(), '127.0.0.1'))
  neighbour.resolve(questions)
  // The channel is closed when all is asked.
  for await (const _message of toNode);
  questions.close()
  forClients.close()
  forNeighbour.close()
  return report
}

function square(question: string): number {
  return Number(question) ** 2
}

/** A server that answers each line with a line, in the order of the questions. */
async function listen(answer: (question: string) => Promise<string>): Promise<Server> {
  const server = createServer((socket) => void answerAll(socket, answer))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return server
}

async function answerAll(socket: Socket, answer: (question: string) => Promise<string>): Promise<void> {
  socket.on('error', () => socket.destroy())
  for await (const question of createInterface(socket)) socket.write(`${await answer(question)}\n`)
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}
