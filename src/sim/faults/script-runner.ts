/**
 * Carries a fault script out in a world: each fault is put in force at its time and lifted at the end of its window.
 *
 * It knows no world: what each fault does is behind `FaultTarget`, which worlds of machines and of whole members
 * implement. A world that lacks something (an engine, a disk) leaves that part out, and a script that asks for it is
 * refused by `checkScript` before the world begins. It counts what was injected, by kind.
 */
import { BrokenInvariant } from '../../lib/assert.ts'
import type { EngineFault, Fault, FaultKind, LinkFault, MemberFault, PartitionFault } from './fault.ts'

type Of<Kind extends FaultKind> = Extract<Fault, { kind: Kind }>
export type ClockFault = Of<'clock-offset' | 'clock-drift' | 'clock-jump'>
export type DiskFault = Of<'disk-full' | 'torn-write' | 'bit-flip' | 'sync-failure'>
export type EngineSideFault = EngineFault | Of<'engine-unreachable' | 'lease-expiry'>

/** The parts of a world that can be made to fail. `isOn` false: the end of the fault's window. */
export interface FaultTarget {
  readonly network: { apply(fault: LinkFault | PartitionFault): void; lift(fault: LinkFault | PartitionFault): void }
  /** Harmless for one that is down. */
  crash(member: string, how: 'process' | 'machine'): void
  /** A new life; harmless for one that runs. */
  restart(member: string): void
  setPaused(member: string, isOn: boolean): void
  /** Each event of the member keeps it busy for so long; 0: no longer slow. */
  setSlow(member: string, eventMs: number): void
  readonly onClockFault?: (fault: ClockFault, isOn: boolean) => void
  readonly onDiskFault?: (fault: DiskFault, isOn: boolean) => void
  readonly onEngineFault?: (fault: EngineSideFault, isOn: boolean) => void
  /** For the trace. */
  onFault?(fault: Fault, isOn: boolean): void
}

export type FaultCounts = Partial<Record<FaultKind, number>>

/** @param at - runs something at a virtual time that is not past. */
export function runScript(
  faults: readonly Fault[],
  target: FaultTarget,
  at: (atMs: number, run: () => void) => void,
): FaultCounts {
  const counts: FaultCounts = {}
  for (const fault of faults) {
    at(fault.atMs, () => {
      counts[fault.kind] = (counts[fault.kind] ?? 0) + 1
      target.onFault?.(fault, true)
      applyFault(fault, target, true)
    })
    if (fault.untilMs === undefined) continue
    at(fault.untilMs, () => {
      target.onFault?.(fault, false)
      applyFault(fault, target, false)
    })
  }
  return counts
}

/** Puts a fault in force, or lifts it. */
export function applyFault(fault: Fault, target: FaultTarget, isOn: boolean): void {
  switch (fault.kind) {
    case 'loss':
    case 'duplicate':
    case 'reorder':
    case 'delay':
    case 'bandwidth':
    case 'break':
    case 'partition':
      return isOn ? target.network.apply(fault) : target.network.lift(fault)
    case 'engine-slow':
    case 'engine-crash':
      return present(target.onEngineFault, fault.kind).call(target, fault, isOn)
    default:
      return applyMemberFault(fault, target, isOn)
  }
}

function applyMemberFault(fault: MemberFault, target: FaultTarget, isOn: boolean): void {
  switch (fault.kind) {
    case 'crash':
      return isOn ? target.crash(fault.member, fault.how) : target.restart(fault.member)
    case 'pause':
      return target.setPaused(fault.member, isOn)
    case 'slow':
      return target.setSlow(fault.member, isOn ? fault.eventMs : 0)
    case 'clock-offset':
    case 'clock-drift':
    case 'clock-jump':
      return present(target.onClockFault, fault.kind).call(target, fault, isOn)
    case 'disk-full':
    case 'torn-write':
    case 'bit-flip':
    case 'sync-failure':
      return present(target.onDiskFault, fault.kind).call(target, fault, isOn)
    case 'engine-unreachable':
    case 'lease-expiry':
      return present(target.onEngineFault, fault.kind).call(target, fault, isOn)
  }
}

function present<Part>(part: Part | undefined, kind: FaultKind): Part {
  if (part === undefined) throw new BrokenInvariant(`this world cannot do "${kind}", and its script was not checked`)
  return part
}
