/** What changes a directory, as programs say it and as watchers see it, and what look-ups and listings give. */
import type { Capability } from '../../kernel/capabilities/capability.ts'
import type { Rights } from '../../kernel/capabilities/rights.ts'
import type { Signal } from '../../lib/signal.ts'
import type { changeKinds } from './interface.ts'

/** One, or a set of replicas: whoever opens the name takes one that answers. */
export type Capabilities = Capability | readonly Capability[]

/** For each column the bits of the rights that its holders get at most: owner, group, other, fourth. */
export type Masks = readonly number[]

/** The same as programs say it, such as `['all', ['read', 'group']]`. A column that is left out gets none. */
export type GivenMasks = readonly Rights[]

/** One of several that `install` carries out together. */
export type DirectoryChange =
  | { readonly kind: 'enter'; readonly path: string; readonly capability: Capabilities; readonly masks?: GivenMasks }
  | { readonly kind: 'replace'; readonly path: string; readonly capability: Capabilities; readonly expected: number }
  | { readonly kind: 'remove'; readonly path: string; readonly expected?: number }
  | { readonly kind: 'masks'; readonly path: string; readonly masks: GivenMasks; readonly expected?: number }

/** What a name led to at the moment of the look-up. */
export interface Found {
  readonly name: string
  /** The first of the set. */
  readonly capability: Capability
  /** Each with no more rights than the columns give that the directory's capability holds. */
  readonly capabilities: readonly Capability[]
  /** Of the row; for `expected`. Grows with every change of it. */
  readonly version: number
}

/** A row in a listing. */
export interface Row {
  readonly name: string
  readonly version: number
  /** What a look-up would give at most. */
  readonly rights: number
  readonly count: number
  readonly isDirectory: boolean
  /** The same number: the same directory. Undefined for all else, and directories of other servers. */
  readonly directory: number | undefined
  /** Milliseconds since 1970, by the clock of the server that entered it; and the member that asked. */
  readonly enteredMs: number
  readonly enteredBy: string
  /** Where `columns` was asked for. */
  readonly masks: Masks | undefined
  /** Where it was asked for. */
  readonly capabilities: readonly Capability[] | undefined
}

export interface LookupOptions {
  /** An answer from memory will do that is not older. Default 0: the server is asked. */
  readonly maxAgeMs?: number
  readonly signal?: Signal
  readonly timeoutMs?: number
}

export interface ListOptions {
  /** Only names that begin with this. */
  readonly prefix?: string
  /** With the masks of each row. */
  readonly columns?: boolean
  /** With what a look-up would give. */
  readonly capabilities?: boolean
  readonly signal?: Signal
}

export interface WatchOptions {
  /** Changes after this sequence number. Default: those after the call. */
  readonly from?: number
  readonly signal?: Signal
}

/** What one transaction changed. */
export interface DirectoryEvent {
  /** To go on from, as `from`. */
  readonly sequence: number
  readonly changes: readonly RowChange[]
}

export interface RowChange {
  readonly kind: (typeof changeKinds)[number]
  readonly name: string
  /** Of the row from now on; for `removed` that of the removal. */
  readonly version: number
}
