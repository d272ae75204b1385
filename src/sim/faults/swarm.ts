/**
 * Draws a fault script from a seed: which kinds of fault exist in this run, how strong, when, and on whom.
 *
 * Swarm testing (Groce, Zhang, Eide, Chen and Regehr, 2012): a run that has every fault at once hides what needs one
 * of them to be missing, so each seed leaves about half of the kinds out. All faults end within the duration and
 * whoever crashed starts again, so that a run can demand progress afterwards.
 */
import type { Random } from '../../lib/random.ts'
import { randomStream } from '../random-streams.ts'
import type { Distribution, Fault, FaultKind, PartitionFault } from './fault.ts'

export interface SwarmOptions {
  readonly seed: number
  readonly names: readonly string[]
  readonly durationMs: number
  readonly kinds: readonly FaultKind[]
}

const windowsMax = 4
const quietRunsRate = 0.05
const kindRate = 0.5

export function swarmFaults(options: SwarmOptions): readonly Fault[] {
  const random = randomStream(options.seed, 'swarm')
  if (random.next() < quietRunsRate) return []
  const faults: Fault[] = []
  for (const kind of options.kinds) {
    // A stream of its own, so that a new kind leaves what the others draw as it is.
    const own = randomStream(options.seed, `swarm ${kind}`)
    if (own.next() >= kindRate) continue
    for (let count = 1 + own.below(windowsMax); count > 0; count--) faults.push(draw(kind, options, own))
  }
  return faults.sort((left, right) => left.atMs - right.atMs)
}

function draw(kind: FaultKind, options: SwarmOptions, random: Random): Fault {
  const { durationMs, names } = options
  const atMs = round(random.next() * durationMs * 0.9)
  // Some are over at once, some last: what needs a long one and what needs many short ones are both met.
  const untilMs = round(atMs + 1 + random.next() ** 3 * (durationMs - atMs - 1))
  const window = { atMs, untilMs }
  const member = names[random.below(names.length)] ?? ''
  const rate = round(random.next() ** 2)
  switch (kind) {
    case 'loss':
    case 'duplicate':
      return { kind, ...window, rate: round(rate * 0.5) }
    case 'break':
      return { kind, ...window, rate: round(rate * 0.05) }
    case 'reorder':
      return { kind, ...window, rate, laterMsMax: round(random.next() ** 2 * 500) }
    case 'delay':
      return { kind, ...window, delay: drawDelay(random) }
    case 'bandwidth':
      return { kind, ...window, bytesPerMs: round(1 + random.next() ** 3 * 10_000) }
    case 'partition':
      return { kind, ...window, ...drawPartition(names, random) }
    case 'crash':
      return { kind, ...window, member, how: random.next() < 0.5 ? 'process' : 'machine' }
    case 'slow':
      return { kind, ...window, member, eventMs: round(random.next() ** 2 * 20) }
    case 'clock-offset':
      return { kind, ...window, member, offsetMs: round((random.next() - 0.5) * 20_000) }
    case 'clock-drift':
      return { kind, ...window, member, rate: round((random.next() - 0.5) * 0.2) }
    case 'clock-jump':
      return { kind, ...window, member, ...drawJump(random) }
    case 'torn-write':
    case 'bit-flip':
    case 'sync-failure':
      return { kind, ...window, member, rate }
    case 'pause':
    case 'disk-full':
    case 'engine-unreachable':
    case 'lease-expiry':
      return { kind, ...window, member }
    case 'engine-slow':
      return { kind, ...window, delay: drawDelay(random) }
    case 'engine-crash':
      return { kind, ...window }
  }
}

function drawDelay(random: Random): Distribution {
  const minMs = round(random.next() ** 2 * 20)
  const maxMs = round(minMs + 1 + random.next() ** 2 * 2_000)
  switch (random.below(3)) {
    case 0:
      return { kind: 'uniform', minMs, maxMs }
    case 1:
      return { kind: 'exponential', minMs, meanMs: round(1 + random.next() * 50), maxMs }
    default:
      return { kind: 'pareto', minMs: minMs + 0.1, shape: round(0.5 + random.next() * 2), maxMs }
  }
}

/** Of the wall clock, or of both clocks, as when a machine was suspended; then forward only. */
function drawJump(random: Random): { readonly jumpMs: number; readonly monotonic?: true } {
  const jumpMs = round((random.next() - 0.5) * 60_000)
  return random.next() < 0.3 ? { jumpMs: Math.abs(jumpMs), monotonic: true } : { jumpMs }
}

function drawPartition(names: readonly string[], random: Random): Pick<PartitionFault, 'shape' | 'sides'> {
  const shape = (['one-way', 'both-ways', 'both-ways', 'bridge', 'ring'] as const)[random.below(5)] ?? 'both-ways'
  const shuffled = [...names]
  for (let place = shuffled.length - 1; place > 0; place--) {
    const other = random.below(place + 1)
    const [here, there] = [shuffled[place] ?? '', shuffled[other] ?? '']
    shuffled[place] = there
    shuffled[other] = here
  }
  const cut = 1 + random.below(Math.max(1, names.length - 1))
  return { shape, sides: [shuffled.slice(0, cut), shuffled.slice(cut)] }
}

/** So that scripts are read and written without endless digits. */
function round(value: number): number {
  return Math.round(value * 1_000) / 1_000
}
