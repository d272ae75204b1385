/** A client: it asks one question after the other over one connection. It does not matter in what it runs. */
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'

/** Where a node listens. */
export interface Ports {
  readonly clients: number
  readonly neighbours: number
}

/** Questions over a connection, whose answers come in the order of the questions. */
export class Questions {
  readonly #socket: Socket
  readonly #waiting: ((answer: string) => void)[] = []

  constructor(socket: Socket) {
    this.#socket = socket
    createInterface(socket).on('line', (answer) => this.#waiting.shift()?.(answer))
  }

  ask(question: string): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>()
    this.#waiting.push(resolve)
    this.#socket.write(`${question}\n`)
    return promise
  }

  close(): void {
    this.#socket.end()
  }
}

/** @returns the answers. */
export async function askMany(port: number, first: number, count: number): Promise<string[]> {
  const questions = new Questions(connect(port, '127.0.0.1'))
  const answers: string[] = []
  for (let number = first; number < first + count; number++) answers.push(await questions.ask(String(number)))
  questions.close()
  return answers
}
