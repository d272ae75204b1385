/**
 * The answering side of a measured child process (see remote.ts).
 *
 * A child's script reads its one argument with `childArgument`, sets itself up, and then calls `answer` with
 * its methods. Requests that came before that wait in the channel. When the channel closes, `close` runs and
 * the process ends, whatever else is still open in it.
 */
import type { Methods, Reply } from './remote.ts'

const CLOSE_TIMEOUT_MS = 3_000

interface Request {
  readonly id: number
  readonly method: string
  readonly argument: unknown
}

/** The argument that the parent gave to `new Remote(module, argument)`. */
export function childArgument<T>(): T {
  const text = process.argv[2]
  if (text === undefined) throw new Error('this script is started by the bench')
  return JSON.parse(text) as T
}

/** Serves `methods` to the parent until it hangs up, then runs `close` and ends the process. */
export function answer(methods: Methods, close: () => Promise<void>): void {
  process.on('message', (request: Request) => void onRequest(methods, request))
  process.on('disconnect', () => {
    setTimeout(() => process.exit(1), CLOSE_TIMEOUT_MS)
    close().then(() => process.exit(0), reportAndExit)
  })
}

async function onRequest(methods: Methods, request: Request): Promise<void> {
  const method = methods[request.method] as ((argument: unknown) => unknown) | undefined
  try {
    if (method === undefined) throw new Error(`no method "${request.method}"`)
    reply({ id: request.id, value: await method(request.argument) })
  } catch (error) {
    reply({ id: request.id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
}

function reply(message: Reply): void {
  if (process.connected) process.send?.(message)
}

function reportAndExit(error: unknown): void {
  console.error(error)
  process.exit(1)
}
