/**
 * Suite `floods`: what honest members notice while another one, or strangers, give the same server all they have.
 *
 * All processes share this machine, and what is asked is what the server does to the honest, not what a busy machine
 * does. So in each round the honest calls are measured four times for each attack: alone; under the attack; beside a
 * process that sends nothing and takes as much of the processor as the attacker took; and while the same attack goes to
 * another server of the machine. The bound is on the second by the third, the figures by the other two stand beside it.
 * The attacker and the process that only spins run at a lower priority of the operating system.
 */
import { canObserve, cpuMs } from '../harness/processes.ts'
import { Remote } from '../harness/remote.ts'
import type { Rounds } from '../harness/rounds.ts'
import { pick } from '../harness/rounds.ts'
import { median } from '../harness/statistics.ts'
import type { Context, Row, Suite, SuiteResult } from '../harness/suite.ts'
import type { AttackerMethods, Target } from './attacker-process.ts'
import { type Attack, attacks } from './attacks.ts'
import { type ServerName, servers } from './flooded-service.ts'
import type { HonestLatency, HonestMethods } from './honest-process.ts'
import type { ServerArgument, ServerMethods } from './server-process.ts'

const P99_RATIO_MAX = 3

interface Measured extends HonestLatency {
  /** Shares of one core. */
  readonly server: number
  readonly attacker: number
}

interface Sample {
  readonly alone: Measured
  readonly attacked: Measured
  readonly beside: Measured
  readonly neighbour: Measured
  /** Calls, items or connections of the attacker meanwhile. */
  readonly attacks: number
  readonly refused: number
}

interface Processes {
  readonly server: Remote<ServerMethods>
  readonly honest: Remote<HonestMethods>
  readonly attacker: Remote<AttackerMethods>
  readonly target: Target
  readonly neighbour: Target
}

export const floodsSuite: Suite = {
  name: 'floods',
  about: "honest calls' p99 while others drip, call, stream, forge and send garbage without end",
  run,
}

async function run(context: Context): Promise<SuiteResult> {
  if (!canObserve) return { rows: [], skipped: ['floods: strangers find the socket as Linux tells it'], raw: null }
  const home = context.folder
  const start = (name: ServerName): Remote<ServerMethods> =>
    new Remote(new URL('./server-process.ts', import.meta.url), { home, name } satisfies ServerArgument)
  await using server = start(servers[0])
  const target = { name: servers[0], address: await server.request('ready', null) }
  await using other = start(servers[1])
  const neighbour = { name: servers[1], address: await other.request('ready', null) }
  await using honest = new Remote<HonestMethods>(new URL('./honest-process.ts', import.meta.url), home)
  await using attacker = new Remote<AttackerMethods>(new URL('./attacker-process.ts', import.meta.url), home)
  await honest.request('latency', { durationMs: context.effort.warmUpMs })
  const processes = { server, honest, attacker, target, neighbour }
  const results = new Map<string, Sample[]>(attacks.map((attack) => [attack, []]))
  for (let round = 1; round <= context.effort.rounds; round++) {
    for (const attack of attacks) {
      context.progress.say(`round ${round}/${context.effort.rounds} ${attack}`)
      results.get(attack)?.push(await sample(attack, context.effort.throughputMs, processes))
    }
  }
  return { rows: attacks.flatMap((attack) => rowsOf(results, attack)), skipped: [], raw: Object.fromEntries(results) }
}

async function sample(attack: Attack, durationMs: number, processes: Processes): Promise<Sample> {
  const { server, attacker, target, neighbour } = processes
  const alone = await measured(durationMs, processes)
  const before = await server.request('refused', null)
  await attacker.request('begin', { attack, target })
  const attacked = await measured(durationMs, processes)
  const done = await attacker.request('end', null)
  const refused = (await server.request('refused', null)) - before
  await attacker.request('spin', { share: attacked.attacker })
  const beside = await measured(durationMs, processes)
  await attacker.request('end', null)
  await attacker.request('begin', { attack, target: neighbour })
  const away = await measured(durationMs, processes)
  await attacker.request('end', null)
  return { alone, attacked, beside, neighbour: away, attacks: done, refused }
}

async function measured(durationMs: number, { server, honest, attacker }: Processes): Promise<Measured> {
  const startedAt = performance.now()
  const [serverMs, attackerMs] = [cpuMs(server.pid), cpuMs(attacker.pid)]
  const latency = await honest.request('latency', { durationMs })
  const tookMs = performance.now() - startedAt
  return {
    ...latency,
    server: (cpuMs(server.pid) - serverMs) / tookMs,
    attacker: (cpuMs(attacker.pid) - attackerMs) / tookMs,
  }
}

function rowsOf(results: Rounds<Sample>, attack: Attack): Row[] {
  const figure = (what: string, unit: string, value: (sample: Sample) => number): Row => ({
    what: `${attack}: ${what}`,
    value: median(pick(results, attack, value)),
    unit,
  })
  return [
    figure("honest calls' p99 alone", 'us', (one) => one.alone.p99Us),
    figure("honest calls' p99 beside as busy a process", 'us', (one) => one.beside.p99Us),
    figure("honest calls' p99 while a neighbour has it", 'us', (one) => one.neighbour.p99Us),
    figure("honest calls' p99 under it", 'us', (one) => one.attacked.p99Us),
    figure("honest calls' median, under it / alone", 'x', (one) => one.attacked.medianUs / one.alone.medianUs),
    figure('of a core, the attacker', '%', (one) => one.attacked.attacker * 100),
    figure('of a core, the process as busy', '%', (one) => one.beside.attacker * 100),
    figure('of a core, the server', '%', (one) => one.attacked.server * 100),
    figure('calls, items or connections of the attacker a round', '', (one) => one.attacks),
    figure('refused by the server a round', '', (one) => one.refused),
    figure("honest calls' p99, under it / alone", 'x', (one) => one.attacked.p99Us / one.alone.p99Us),
    figure("honest calls' p99, under it / a neighbour has it", 'x', (one) => one.attacked.p99Us / one.neighbour.p99Us),
    {
      ...figure("honest calls' p99, under it / beside as busy a process", 'x', ratioToControl),
      bound: { atMost: P99_RATIO_MAX },
    },
    { ...figure('honest calls that failed', '', (one) => one.attacked.failed), bound: { atMost: 0 } },
  ]
}

function ratioToControl({ attacked, beside }: Sample): number {
  return attacked.p99Us / beside.p99Us
}
