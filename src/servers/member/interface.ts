/**
 * What every member answers about itself: how it is, what its machines do, and the request to leave.
 *
 * Each member serves it under `member.` and its own name, so that a command line finds all of them.
 */
import type { TraceEvent } from '../../edges/trace.ts'
import type { MemberId } from '../../lib/identifiers.ts'
import type { MemberStatus } from '../../kernel/member-status.ts'
import { defineService } from '../../kernel/service.ts'
import { checked, objectOf, type Schema } from '../../kernel/schemas.ts'

export interface ProcessStatus extends MemberStatus {
  readonly pid: number
  /** Milliseconds that this process runs. */
  readonly upMs: number
  readonly residentBytes: number
  /** Processor time of all its threads so far. */
  readonly cpuMs: number
  readonly nodeVersion: string
}

const status: Schema<ProcessStatus> = checked(
  'the status of a member',
  (value): value is ProcessStatus => typeof value === 'object' && value !== null,
)
const traceEvent: Schema<TraceEvent> = checked(
  'a trace event',
  (value): value is TraceEvent => typeof value === 'object' && value !== null,
)
const nothing = objectOf({})

export const MemberService = defineService('member', {
  status: { right: 'read', output: status, idempotent: true },
  /** Every step of the member's machines from now on. */
  trace: { right: 'read', output: traceEvent, stream: true },
  /** Answers, then leaves the system; a daemon's process ends. */
  stop: { right: 'admin', output: nothing, idempotent: true },
})

export function memberServiceName(id: MemberId): string {
  return `member.${id}`
}
