/**
 * A node that is client and server at once. Two nodes, each a process with two interfaces: one port for clients, one for
 * its neighbour. What a client asks, a node lets its neighbour work out; so each node answers clients, answers its neighbour, and asks
 * its neighbour, all at the same time.
 *
 * The clients are four threads of this process and two processes of their own: to a server they are all the same.
 */
import { Channel, Process, Thread } from 'cardumen/threads'
import type { Ports } from './client.ts'
import type { NodeReport } from './node.ts'

const questionsEach = 20
const names = ['A', 'B']
const client = new URL('./client.ts', import.meta.url)

/** Tells us the ports of a node once it listens, and is told when to begin and when to end. */
interface Lines {
  readonly fromNode: Channel<Ports>
  readonly toNode: Channel<number>
}

const lines: Lines[] = names.map(() => ({ fromNode: new Channel(), toNode: new Channel() }))
const nodes = names.map((name, at) => {
  const args = [name, lines[at]]
  return new Process<NodeReport>(new URL('./node.ts', import.meta.url), 'serve', { name: `node ${name}`, args })
})
for (const node of nodes) node.start()
const ports = await Promise.all(lines.map(({ fromNode }) => fromNode.receiveAsync()))
for (const [at, { toNode }] of lines.entries()) await toNode.sendAsync(ports[1 - at]?.neighbours ?? 0)
console.log(
  `${names.length} nodes listen, each at 2 ports; different ports: ${new Set(ports.flatMap((each) => Object.values(each))).size}`,
)

/** Of each node two threads and one process are clients. */
const clients = ports.flatMap(({ clients: port }, at) => {
  const optionsOf = (name: string, first: number) => ({
    name: `${name} of ${names[at]}`,
    args: [port, first, questionsEach],
  })
  return [
    new Thread<string[]>(client, 'askMany', optionsOf('thread 1', 1000)),
    new Thread<string[]>(client, 'askMany', optionsOf('thread 2', 2000)),
    new Process<string[]>(client, 'askMany', optionsOf('process', 3000)),
  ]
})
for (const each of clients) each.start()
const answers = await Promise.all(clients.map((each) => (each instanceof Thread ? each.joinAsync() : each.join())))
for (const [at, each] of clients.entries())
  console.log(`${each.name.padEnd(12)} heard ${answers[at]?.length} answers, the last: ${answers[at]?.at(-1)}`)

for (const { toNode } of lines) toNode.close()
for (const node of nodes) {
  const { forClients, forNeighbour, wrong } = await node.join()
  console.log(
    `${node.name} answered ${forClients} questions of clients, and worked out ${forNeighbour} for its neighbour; wrong: ${wrong}`,
  )
}
