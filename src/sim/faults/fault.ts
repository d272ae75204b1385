/**
 * Everything that can be ordered to go wrong, as plain data: a script is a list of these, so it can be drawn from a
 * seed, written by hand, saved in a trace, and made smaller by leaving parts out.
 *
 * A fault holds from `atMs` until `untilMs` (virtual milliseconds since the world began; the end of the run where it
 * is left out). Members are named by their names, whichever life they are in. Rates are chances in [0, 1] for each
 * message, write or sync. Types only: `check-script.ts` refuses what makes no sense, `script-runner.ts` carries out.
 */

export interface Window {
  readonly atMs: number
  readonly untilMs?: number
}

/** Of one direction, or of all links where it is left out. */
export interface OnLink {
  readonly from?: string
  readonly to?: string
}

export type Distribution =
  | { readonly kind: 'constant'; readonly ms: number }
  | { readonly kind: 'uniform'; readonly minMs: number; readonly maxMs: number }
  /** minMs plus an exponential with this mean, cut off at maxMs. */
  | { readonly kind: 'exponential'; readonly minMs: number; readonly meanMs: number; readonly maxMs: number }
  /** Heavy tail: minMs / u^(1/shape), cut off at maxMs. */
  | { readonly kind: 'pareto'; readonly minMs: number; readonly shape: number; readonly maxMs: number }

/** Messages between members. On a stream a loss is a repeated transmission, and a break loses what is under way. */
export type LinkFault = Window &
  OnLink &
  (
    | { readonly kind: 'loss'; readonly rate: number }
    | { readonly kind: 'duplicate'; readonly rate: number }
    /** That share of the messages comes up to so much later than its delay says, so that others overtake it. */
    | { readonly kind: 'reorder'; readonly rate: number; readonly laterMsMax: number }
    | { readonly kind: 'delay'; readonly delay: Distribution }
    | { readonly kind: 'bandwidth'; readonly bytesPerMs: number }
    /** Connections between the two break, at this rate a message. */
    | { readonly kind: 'break'; readonly rate: number }
  )

export type PartitionFault = Window & {
  readonly kind: 'partition'
  /**
   * `one-way`: nothing passes from a member of the first side to one of the second. `both-ways`: nor back.
   * `bridge`: both ways, but the first member of the first side still reaches everyone. `ring`: each member reaches
   * only its two neighbours in the order of all names; sides are ignored.
   */
  readonly shape: 'one-way' | 'both-ways' | 'bridge' | 'ring'
  readonly sides: readonly [readonly string[], readonly string[]]
}

export type MemberFault = Window & { readonly member: string } & (
    | {
        /** Dies at `atMs`; starts again as a new life at `untilMs`, never where that is left out. */
        readonly kind: 'crash'
        /** `process`: the system closes its sockets, so peers notice. `machine`: silence, and unsynced bytes are lost. */
        readonly how: 'process' | 'machine'
      }
    | { readonly kind: 'pause' }
    /** Each of its events keeps it busy for so long. */
    | { readonly kind: 'slow'; readonly eventMs: number }
    /** Its wall clock is off by so much. */
    | { readonly kind: 'clock-offset'; readonly offsetMs: number }
    /** Its clocks run faster by this share: 0.01 is one percent; may be negative. */
    | { readonly kind: 'clock-drift'; readonly rate: number }
    /** At `atMs` its wall clock leaps by so much; with `monotonic` the monotonic one too, forward only. */
    | { readonly kind: 'clock-jump'; readonly jumpMs: number; readonly monotonic?: boolean }
    | { readonly kind: 'disk-full' }
    /** At a crash inside the window, the unsynced write in the middle of which it happens is there in part. */
    | { readonly kind: 'torn-write'; readonly rate: number }
    /** A read gives a bit the other way round, and it stays so. */
    | { readonly kind: 'bit-flip'; readonly rate: number }
    | { readonly kind: 'sync-failure'; readonly rate: number }
    /** The engine cannot be reached from it: operations fail, leases are not renewed. */
    | { readonly kind: 'engine-unreachable' }
    /** The lease of a live holder ends at `atMs`. */
    | { readonly kind: 'lease-expiry' }
  )

export type EngineFault = Window &
  (
    | { readonly kind: 'engine-slow'; readonly delay: Distribution }
    /** Stops at `atMs` and loses what it had not synced; goes on at `untilMs`. */
    | { readonly kind: 'engine-crash' }
  )

export type Fault = LinkFault | PartitionFault | MemberFault | EngineFault
export type FaultKind = Fault['kind']

/** Faults of one script. */
export const faultsMax = 10_000
