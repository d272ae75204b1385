/**
 * How servers are found, and how those of this member are: names, ports, rows and the locate machine, as one part of a
 * member.
 *
 * A name leads to servers (`names.ts`), a port to an address (`ports.ts`), by rows that members write
 * (`server-entries.ts`) or by asking around (`locate-driver.ts`). All of them hear of members that come and go.
 */
import type { Clock } from '../../edges/clock.ts'
import type { Crypto } from '../../edges/crypto.ts'
import type { Engine, Lease } from '../../edges/engine.ts'
import type { Address } from '../../lib/identifiers.ts'
import type { LamportClock } from '../../lib/lamport-clock.ts'
import type { Random } from '../../lib/random.ts'
import { LocateDriver, type LocateDriverOptions } from './locate-driver.ts'
import { Names } from './names.ts'
import { Ports } from './ports.ts'
import { ServerEntries } from './server-entries.ts'

export interface FindingOptions extends Pick<LocateDriverOptions, 'send' | 'onBroken'> {
  readonly engine: Engine
  readonly clock: Clock
  readonly crypto: Crypto
  readonly random: Random
  readonly lamport: LamportClock
  readonly self: Address
  readonly lease: Lease
  /** Of this member. */
  readonly publicKey: Uint8Array
  /** From memory: the key that a member proves with each link; of this one too. */
  publicKeyOf(member: Address): Uint8Array | undefined
  /** A live member, from memory or from the engine. */
  identify(member: Address): Promise<{ readonly publicKey: Uint8Array } | undefined>
  /** What named the server of a port proved nothing; undefined: a row, of which nobody knows who wrote it. */
  onUnproven(from: Address | undefined): void
}

export class Finding {
  readonly names: Names
  readonly ports: Ports
  readonly entries: ServerEntries
  readonly locate: LocateDriver

  constructor(options: FindingOptions) {
    const onUnproven = (from?: Address): void => options.onUnproven(from)
    this.names = new Names({ ...options, onUnproven })
    this.entries = new ServerEntries(options)
    this.locate = new LocateDriver({
      ...options,
      systemId: options.engine.systemId,
      onUnproven,
      onNotHere: (port, from) => this.ports.forget(port, from),
    })
    this.ports = new Ports({ ...options, driver: this.locate, onUnproven })
  }

  joined(member: Address): void {
    this.locate.joined(member)
  }

  /** Nothing is looked for there any more. */
  parted(member: Address): void {
    this.names.forgetMember(member)
    this.ports.forgetMember(member)
    this.locate.parted(member)
  }

  /** Answers nobody and writes nothing any more; what is known of names stays until the member has left. */
  stop(): void {
    this.locate.close()
    this.entries.close()
  }
}
