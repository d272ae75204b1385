/**
 * Our side of `growth`: this process joins, and each further member is a process of its own that serves the echo.
 *
 * The first of them is the one that is called, by a name of its own.
 */
import { type Client, join, type System } from '../../src/cardumen.ts'
import { NULL_CALL } from '../calls/contender.ts'
import { Remote } from '../harness/remote.ts'
import type { Growing, GrowthAdapter } from '../growth/growth-adapter.ts'
import { EchoService } from './echo-service.ts'
import type { MemberArgument, MemberMethods } from './member-process.ts'

export const adapter: GrowthAdapter = {
  async begin(folder) {
    return new GrowingSystem(folder, await join({ home: folder }))
  },
}

class GrowingSystem implements Growing {
  readonly #folder: string
  readonly #system: System
  readonly #client: Client<typeof EchoService.operations>
  readonly #members: Remote<MemberMethods>[] = []

  constructor(folder: string, system: System) {
    this.#folder = folder
    this.#system = system
    this.#client = system.open(EchoService, nameOf(0))
  }

  async grow(): Promise<void> {
    const argument: MemberArgument = { folder: this.#folder, echoName: nameOf(this.#members.length) }
    const member = new Remote<MemberMethods>(new URL('./member-process.ts', import.meta.url), argument)
    this.#members.push(member)
    await member.request('joined', null)
  }

  call(): Promise<unknown> {
    return this.#client.echo(NULL_CALL)
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.close()))
    await this.#system.close()
  }
}

function nameOf(index: number): string {
  return `echo-${index}`
}
