/**
 * Plays a workload on the scheduler's machine in virtual time, and gives the schedule that came of it.
 *
 * One member of a world of machines is the computer. What happens at one moment happens in the order of its causes, so a
 * task that arrives when somebody's turn ends is ahead of that one; chance (the lottery) comes from the seed.
 */
import { assert } from '../../lib/assert.ts'
import { type Call, type Message, type Outcome, type Timer } from '../../protocols/scheduling/messages.ts'
import {
  emptySchedule,
  recordArrival,
  recordDoing,
  recordEnd,
  type Schedule,
} from '../../protocols/scheduling/schedule.ts'
import { scheduling } from '../../protocols/scheduling/scheduling.ts'
import { initialState, type State } from '../../protocols/scheduling/state.ts'
import { MachineWorld } from '../machines/machine-world.ts'
import { type ComputerTask, SimulatedComputer } from './computer.ts'
import { processPriorityOf, type Workload } from './workload.ts'

const computerName = 'computer'
/** Sums of fractions; nothing takes longer than all of it one after the other. */
const graceMs = 1

export function playWorkload(workload: Workload, seed = 1): Schedule {
  const schedule = emptySchedule()
  const { rule, cores, quantumMs, ageingMs, boostMs } = workload
  const world = new MachineWorld<State, Message, Timer, Call, Outcome>({
    ...{ machine: scheduling, seed, names: [computerName], order: 'caused' },
    initial: () => initialState({ rule, cores, quantumMs, ageingMs, boostMs }),
    onOutcome: (_member, outcome) => computer.onOutcome(outcome),
  })
  const self = world.start(computerName)
  const computer = new SimulatedComputer({
    nowMs: () => world.nowMs,
    submit: (call) => world.submit(self, call),
    after: (delayMs, run) => world.after(delayMs, run),
    onDoing: (task, doing, core) => {
      if (doing === undefined) recordEnd(schedule, task, world.nowMs)
      else if (!schedule.tasks.has(task)) recordArrival(schedule, task, workload.tasks[task]?.name ?? '', world.nowMs)
      else recordDoing(schedule, task, doing, core, world.nowMs)
    },
    onRefused: ({ call, reason }) => assert(false, `a checked workload is refused: ${call} ${reason}`),
  })
  const processes = [...new Set(workload.tasks.map((task) => task.process))]
  processes.forEach((name, process) =>
    world.submit(self, { kind: 'adjust-process', process, priority: processPriorityOf(workload, name) }),
  )
  for (const [arriveMs, tasks] of arrivals(workload, processes)) world.at(arriveMs, () => computer.arrive(tasks))
  world.run(longestMs(workload) + graceMs)
  assert(computer.size === 0, 'a workload has not ended in the time of all its work')
  return schedule
}

/** Those of one moment together. */
function arrivals(workload: Workload, processes: readonly string[]): ReadonlyMap<number, readonly ComputerTask[]> {
  const { tasks, isLengthKnown } = workload
  const arriving = new Map<number, ComputerTask[]>()
  tasks.forEach(({ arriveMs, bursts, priority, process, tickets }, task) => {
    const added = { task, process: processes.indexOf(process), priority, tickets, bursts, isLengthKnown }
    arriving.set(arriveMs, [...(arriving.get(arriveMs) ?? []), added])
  })
  return arriving
}

function longestMs({ tasks }: Workload): number {
  const workMs = tasks.reduce((sum, { bursts }) => sum + bursts.reduce((own, each) => own + each, 0), 0)
  return Math.max(...tasks.map((task) => task.arriveMs)) + workMs
}
