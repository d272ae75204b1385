/**
 * `cardumen status`: who is in, and how they are; with `--watch` again and again.
 *
 * What is shown comes from the members themselves (`member-reports.ts`); this draws it as a table or prints it as JSON.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { Command } from 'commander'
import type { System } from '../../servers/system.ts'
import type { CommandFace } from '../command.ts'
import { type StandardOptions, examples, milliseconds } from '../standard-options.ts'
import { exitCode } from '../exit-code.ts'
import type { MemberReport } from '../member-reports.ts'
import { type Column, tableOf } from '../table.ts'
import { print, styled } from '../terminal.ts'
import { duration, size } from '../units.ts'

interface Options extends StandardOptions {
  readonly json?: boolean
  readonly watch?: boolean
  readonly interval: number
}

const intervalMsMin = 100

export function statusCommand(): CommandFace<Options> {
  const command = new Command('status')
    .summary('show the members and how they are')
    .description('Shows the members of the system. One that does not answer is shown as unresponsive.')
    .option('--json', 'print JSON (with --watch a line each time)')
    .option('-w, --watch', 'show it again and again, until Ctrl-C')
    .option('--interval <time>', 'time between two looks with --watch', milliseconds, 1_000)
    .addHelpText(
      'after',
      examples(
        ['cardumen status', 'a table'],
        ['cardumen status --watch', 'a table that stays up to date'],
        ['cardumen status --json | jq .members[].pid', 'process ids for a script'],
      ),
    )
  return { command, act }
}

async function act(options: Options): Promise<number> {
  const { joinExisting, refuseIfEmpty } = await import('../joined.ts')
  await using system = await joinExisting(options, 'status')
  // Awaited here: the system must stay open until then.
  if (options.watch === true) return await watch(system, options)
  const { reportsOf } = await import('../member-reports.ts')
  const reports = await reportsOf(system)
  if (reports.length === 0) refuseIfEmpty(system)
  show(system, reports, options)
  return exitCode.ok
}

async function watch(system: System, options: Options): Promise<number> {
  const { Interruption } = await import('../interruption.ts')
  const { reportsOf } = await import('../member-reports.ts')
  const { Screen } = await import('../screen.ts')
  using interruption = new Interruption()
  using screen = new Screen()
  let reports: readonly MemberReport[] = []
  while (!interruption.signal.aborted) {
    reports = await reportsOf(system, reports)
    if (options.json === true) show(system, reports, options)
    else screen.draw(textOf(system, reports))
    await delay(Math.max(intervalMsMin, options.interval), undefined, { signal: interruption.signal }).catch(
      () => undefined,
    )
  }
  return interruption.exitCode
}

function show(system: System, members: readonly MemberReport[], { json }: Options): void {
  if (json === true) print(JSON.stringify({ stateFolder: system.stateFolder, members }))
  else print(textOf(system, members))
}

function textOf(system: System, reports: readonly MemberReport[]): string {
  const table = reports.length === 0 ? 'Nobody is in.' : tableOf(columns, reports)
  const lines = [table, ...reports.flatMap(refusalsOf)]
  return `${lines.join('\n')}\n${styled('dim', `state folder ${system.stateFolder}`)}`
}

/** Only of members that have refused something. */
function refusalsOf({ name, refusals }: MemberReport): string[] {
  if (refusals === undefined || refusals.total === 0) return []
  const reasons = Object.entries(refusals.byReason).map(([reason, count]) => `${count} ${reason}`)
  const [most] = refusals.peers
  const who = most === undefined ? '' : `; most from ${most.peer} (${most.refused})`
  return [styled('yellow', `${name} has refused ${reasons.join(', ')}${who}`)]
}

const columns: readonly Column<MemberReport>[] = [
  { title: 'NAME', cell: ({ name }) => name },
  { title: 'PID', align: 'right', cell: ({ pid }) => String(pid) },
  {
    title: 'STATE',
    cell: ({ state }) => styled(state === 'live' ? 'green' : state === 'starting' ? 'yellow' : 'red', state),
  },
  { title: 'UP', align: 'right', cell: ({ upMs }) => (upMs === undefined ? '-' : duration(upMs)) },
  {
    title: 'MEMORY',
    align: 'right',
    cell: ({ residentBytes }) => (residentBytes === undefined ? '-' : size(residentBytes)),
  },
  {
    title: 'CPU',
    align: 'right',
    cell: ({ cpuPercent }) => (cpuPercent === undefined ? '-' : `${Math.round(cpuPercent)} %`),
  },
  {
    title: 'CALLS',
    align: 'right',
    cell: ({ callsInFlight }) => (callsInFlight === undefined ? '-' : String(callsInFlight)),
  },
  { title: 'SERVICES', cell: ({ services, detail }) => detail ?? services.join(', ') },
]
