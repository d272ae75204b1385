/**
 * The programs that run on the members, whoever started them.
 *
 * Every member that offers to run things is asked, all at once; there is no list anywhere that could be out of date.
 */
import type { Capability } from '../kernel/capabilities/capability.ts'
import { CardumenError } from '../lib/cardumen-error.ts'
import { type MemberId, memberOf } from '../lib/identifiers.ts'
import { Run, runName, type signalNames } from '../servers/run/interface.ts'
import type { ProcessInfo } from '../servers/run/remote-program.ts'
import type { System } from '../servers/system.ts'

export interface ListedProgram {
  readonly memberId: MemberId
  readonly process: Capability
  readonly info: ProcessInfo
}

export interface Programs {
  readonly listed: readonly ListedProgram[]
  /** Members that did not answer. */
  readonly silent: readonly MemberId[]
}

export type SignalName = (typeof signalNames)[number]

const answerTimeoutMs = 1_000

export async function programsOf(system: System): Promise<Programs> {
  const silent: MemberId[] = []
  const lists = await Promise.all(
    system.member.servers(runName).map(async ({ capability, address }) => {
      const memberId = memberOf(address)
      try {
        const found = await system.open(Run, capability).processes(undefined, { timeoutMs: answerTimeoutMs })
        return found.map((one) => ({ memberId, ...one }))
      } catch {
        silent.push(memberId)
        return []
      }
    }),
  )
  return { listed: lists.flat().toSorted((left, right) => left.info.startedMs - right.info.startedMs), silent }
}

/** The file's name, by which people know a program. */
export function programName({ info }: ListedProgram): string {
  return decodeURIComponent(info.module.slice(info.module.lastIndexOf('/') + 1))
}

/**
 * The one running program with this process id or file name.
 * @throws CardumenError `process-unknown`, `option-invalid` where several have the name.
 */
export function findProgram({ listed }: Programs, wanted: string): ListedProgram {
  const running = listed.filter((program) => program.info.state !== 'ended')
  const found = running.filter((program) => String(program.info.pid) === wanted || programName(program) === wanted)
  const [first, ...others] = found
  if (first === undefined)
    throw new CardumenError('process-unknown', `No program with the process id or name "${wanted}" runs.`)
  if (others.length === 0) return first
  const pids = found.map((program) => program.info.pid).join(', ')
  throw new CardumenError('option-invalid', `${found.length} programs are named "${wanted}": ${pids}.`, {
    hint: 'Give the process id of one.',
  })
}
