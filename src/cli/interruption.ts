/**
 * Ctrl-C and the like, for commands that go on until then: an abort signal, so that they end in order, and the exit
 * code that the shell expects. A second one ends the process at once.
 */
import process from 'node:process'
import { signalExitCode } from './exit-code.ts'

export class Interruption implements Disposable {
  readonly #controller = new AbortController()
  readonly #listener = (name: NodeJS.Signals): void => this.#onSignal(name)
  #name: NodeJS.Signals | undefined

  constructor() {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, this.#listener)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** 0 where none came. */
  get exitCode(): number {
    return this.#name === undefined ? 0 : signalExitCode(this.#name)
  }

  [Symbol.dispose](): void {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(name, this.#listener)
  }

  #onSignal(name: NodeJS.Signals): void {
    if (this.#name !== undefined) process.exit(signalExitCode(name))
    this.#name = name
    this.#controller.abort()
  }
}
