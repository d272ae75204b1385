/**
 * A part of a remote primitive that is one itself, such as the lock of a condition: the same way, with a prefix to its operations.
 */
import type { Remote } from '../travel/remote.ts'
import type { Packed } from '../travel/shareable.ts'

export function partOf(remote: Remote, prefix: string): Remote {
  return {
    name: remote.name,
    get packed(): Packed {
      throw new TypeError(`a part of "${remote.name}" travels with the whole`)
    },
    ask: (operation, argument, options) => remote.ask(prefix + operation, argument, options),
    askBlocking: (operation, argument, options) => remote.askBlocking(prefix + operation, argument, options),
    askNow: (operation, argument) => remote.askNow(prefix + operation, argument),
  }
}
