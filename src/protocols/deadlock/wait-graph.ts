/**
 * Who holds what and who waits for what, at one moment: plain data, in which deadlocks are looked for.
 *
 * Everything that parties can wait for is told in one way: a resource of so many units, of which some are free and the
 * others are with holders, who give them back once they can go on. A lock has one unit. A reader takes one unit of a
 * reader-writer lock, a writer all of them. To join a thread is to wait for a unit that this thread holds until it
 * ends. A barrier's units are with those who have not come yet. A message is a unit with each of those who may send it.
 *
 * Where the graph comes from is not known here. It may have been read while parties went on: what refers to a party or
 * resource that is not in it is taken as something that can still go on, so that nothing is reported on hearsay.
 */

export interface Party {
  readonly id: number
  readonly name: string
  readonly kind: 'thread' | 'process' | 'main'
  /** False once it has ended: what it holds will be recovered, and it can do nothing for others any more. */
  readonly isAlive: boolean
}

export type ResourceKind =
  | 'lock'
  | 'reader-writer-lock'
  | 'semaphore'
  | 'event'
  | 'condition'
  | 'barrier'
  | 'join'
  | 'channel'
  | 'once'
  | 'resources'
  | 'other'

/**
 * Who can bring a unit back. `holders`: those who hold it and nobody else. `usually-holders`: they are expected to, but
 * others may (a semaphore). `anyone`: any party that can go on (an event, a condition).
 */
export type Providers = 'holders' | 'usually-holders' | 'anyone'

export interface Holder {
  /** Identifier of a party. */
  readonly party: number
  readonly count: number
}

export interface Resource {
  readonly id: number
  readonly name: string
  readonly kind: ResourceKind
  readonly holders: readonly Holder[]
  /** Units that are free now. */
  readonly available: number
  readonly providers: Providers
  /** Its waits are served in the order of their `since`, and none is overtaken. */
  readonly isFair: boolean
}

export interface Wait {
  readonly id: number
  /** Identifiers of a party and a resource. */
  readonly party: number
  readonly resource: number
  /** Units that it needs. */
  readonly count: number
  /** When it began: milliseconds or any other number that grows. */
  readonly since: number
  /** It is awaited, not blocked in: its party may have other work, and so may still give back what it holds. */
  readonly isAsync: boolean
  /** It ends by itself at some time, with an error. */
  readonly hasDeadline: boolean
  readonly stack?: string
}

export interface WaitGraph {
  readonly parties: readonly Party[]
  readonly resources: readonly Resource[]
  readonly waits: readonly Wait[]
}
