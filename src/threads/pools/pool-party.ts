/**
 * A pool's thread as a party of its process: others see its name, and what it holds is freed when it dies.
 *
 * The pool starts its threads itself, and may be blocked when one dies, perhaps by a lock which that one held. So the
 * thread gets a line to the service thread, whose other end closes however it ends, and the service does the rest. A worker that
 * the program started itself has no line that a port could go over: there its own event loop sees to it.
 */
import { isMainThread, MessageChannel } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import { addParty, party, partyKind, partyState, setPartyWord } from '../memory/parties.ts'
import { nextThreadId } from '../running/current-thread.ts'
import { buryParty } from '../running/dead-party.ts'
import { ownPort } from '../running/own-line.ts'
import { tell } from '../running/service.ts'

export class PoolParty {
  readonly id: number
  /** The thread's end of its line to the service, to be transferred to it. */
  readonly line: MessagePort | undefined
  #isIdle = false

  /** @throws CardumenError `capacity-reached`: the process has too many threads. */
  constructor(name: string) {
    this.id = addParty({
      name,
      kind: partyKind.thread,
      state: partyState.starting,
      pid: process.pid,
      threadId: 0,
    })
    setPartyWord(this.id, party.id, nextThreadId())
    this.line = this.#openLine()
  }

  /** Before it is ended while it has no task: so it breaks no barrier that an earlier task took part in. */
  becomeIdle(): void {
    this.#isIdle = true
    setPartyWord(this.id, party.state, partyState.ended)
  }

  /** Its worker has exited. */
  onExit(): void {
    if (this.line === undefined) buryParty(this.id, !this.#isIdle)
  }

  /** Its worker could not be started. */
  abandon(): void {
    this.becomeIdle()
    if (this.line === undefined) this.onExit()
    else this.line.close()
  }

  #openLine(): MessagePort | undefined {
    if (!isMainThread && ownPort() === undefined) return undefined
    const { port1, port2 } = new MessageChannel()
    tell({ kind: 'adopt', party: this.id, port: port1 }, [port1])
    return port2
  }
}
