/**
 * Draws a schedule as a Gantt chart (Gantt, 1910) in text: a row for each task, time from left to right, and the figures under
 * it.
 *
 * A column is the shortest round time at which the chart fits the width, and shows what its task did for most of it. With several
 * cores the sign of a task that runs is the number of its core. What a terminal would obey in a name is left out.
 */
import { figuresOf, type ScheduleFigures, type TaskFigures } from './figures.ts'
import { columnsOf, padName, shownName } from './name-columns.ts'
import type { Schedule, Stretch, TaskRecord } from './schedule.ts'

export interface GanttOptions {
  /** Columns of the text; usual: 80. */
  readonly width?: number
}

const widthUsual = 80
const chartWidthMin = 10
/** A chart with more rows is not read; the rest is counted. */
const rowsMax = 60
const nameWidthMax = 16
const tickColumns = 10
const unit = ' ms'
const signs = { running: '█', ready: '░', blocked: '╌' } as const
const coreSigns = '0123456789abcdefghijklmnopqrstuvwxyz'

export function ganttOf(schedule: Schedule, options: GanttOptions = {}): string {
  const tasks = [...schedule.tasks.values()].toSorted((one, other) => one.task - other.task)
  if (tasks.length === 0) return 'Nothing was scheduled.'
  const shown = tasks.slice(0, rowsMax)
  const nameWidth = Math.max(...shown.map((task) => columnsOf(nameOf(task.name))))
  const widthMax = Math.max(chartWidthMin, (options.width ?? widthUsual) - nameWidth - 2)
  const spanMs = schedule.untilMs - schedule.fromMs
  const columnMs = roundTimeMs(spanMs, widthMax)
  const columns = Math.max(1, Math.ceil(spanMs / columnMs - 1e-9))
  const scale = {
    fromMs: schedule.fromMs,
    columnMs,
    columns,
    isOfCores: schedule.stretches.some(({ core }) => core > 0),
  }
  const stretches = byTask(schedule.stretches)
  const rows = shown.map((task) =>
    `${padName(nameOf(task.name), nameWidth)}  ${rowOf(task, stretches, scale)}`.trimEnd(),
  )
  const rest = tasks.length > rowsMax ? [`… and ${tasks.length - rowsMax} more tasks`] : []
  const dropped = schedule.dropped > 0 ? [`${schedule.dropped} further changes are not drawn.`] : []
  const chart = [...rows, ...rest, `${' '.repeat(nameWidth)}  ${axis(scale, widthMax)}`, legend(scale), ...dropped]
  return [...chart, '', ...figuresTable(figuresOf(schedule))].join('\n')
}

interface Scale {
  readonly fromMs: number
  readonly columnMs: number
  readonly columns: number
  readonly isOfCores: boolean
}

/** 1, 2 or 5 with zeros before or after it. */
function roundTimeMs(spanMs: number, columnsMax: number): number {
  const leastMs = spanMs > 0 ? spanMs / columnsMax : 1
  const power = 10 ** Math.floor(Math.log10(leastMs))
  const factor = [1, 2, 5, 10].find((each) => each * power >= leastMs * (1 - 1e-9)) ?? 10
  return factor * power
}

function byTask(all: readonly Stretch[]): ReadonlyMap<number, readonly Stretch[]> {
  const grouped = new Map<number, Stretch[]>()
  for (const stretch of all) {
    const own = grouped.get(stretch.task)
    if (own === undefined) grouped.set(stretch.task, [stretch])
    else own.push(stretch)
  }
  return grouped
}

function rowOf(task: TaskRecord, all: ReadonlyMap<number, readonly Stretch[]>, scale: Scale): string {
  const own = all.get(task.task) ?? []
  let row = ''
  let from = 0
  for (let column = 0; column < scale.columns; column++) {
    const startMs = scale.fromMs + column * scale.columnMs
    while (from < own.length && (own[from]?.untilMs ?? 0) <= startMs) from++
    row += cell(own, from, startMs, startMs + scale.columnMs, scale.isOfCores)
  }
  return row
}

/** What fills most of it; of equal parts, the one that runs. */
function cell(own: readonly Stretch[], from: number, startMs: number, endMs: number, isOfCores: boolean): string {
  const parts = { running: 0, ready: 0, blocked: 0 }
  let core = 0
  for (let index = from; index < own.length; index++) {
    const stretch = own[index]
    if (stretch === undefined || stretch.fromMs >= endMs) break
    parts[stretch.doing] += Math.min(endMs, stretch.untilMs) - Math.max(startMs, stretch.fromMs)
    if (stretch.doing === 'running') core = stretch.core
  }
  const { running, ready, blocked } = parts
  if (running + ready + blocked < (endMs - startMs) * 1e-6) return ' '
  if (running >= ready && running >= blocked) return isOfCores ? (coreSigns[core] ?? '#') : signs.running
  return ready >= blocked ? signs.ready : signs.blocked
}

/** A label that would go beyond the width is left out. */
function axis({ fromMs, columnMs, columns }: Scale, widthMax: number): string {
  let text = ''
  for (let column = 0; column <= columns; column += tickColumns) {
    const label = number(fromMs + column * columnMs)
    const isFitting = column + label.length + unit.length <= widthMax
    if (column === 0 || (text.length <= column && isFitting)) text = text.padEnd(column) + label
  }
  return text + unit
}

function legend({ columnMs, isOfCores }: Scale): string {
  const running = isOfCores ? '0, 1… runs on that core' : `${signs.running} runs`
  return `${running}   ${signs.ready} waits   ${signs.blocked} is blocked   a column is ${number(columnMs)} ms`
}

const titles = ['task', 'arrived', 'ended', 'turnaround', 'waiting', 'response', 'running', 'blocked', 'switches']

function figuresTable(figures: ScheduleFigures): string[] {
  const { tasks, ended, turnaroundMeanMs, waitingMeanMs, responseMeanMs } = figures
  const rows = tasks.slice(0, rowsMax).map(cellsOf)
  const means = ['mean', '', '', turnaroundMeanMs, waitingMeanMs, responseMeanMs, '', '', '']
  if (ended > 0) rows.push(means.map((each) => (typeof each === 'number' ? number(each) : each)))
  const lines = [titles.map((title) => title.toUpperCase()), ...rows]
  const widths = titles.map((_, at) => Math.max(...lines.map((line) => columnsOf(line[at] ?? ''))))
  return lines.map((line) =>
    line
      .map((text, at) => (at === 0 ? padName(text, widths[at] ?? 0) : text.padStart(widths[at] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}

function cellsOf(task: TaskFigures): string[] {
  const { name, arrivedMs, endedMs, turnaroundMs, waitingMs, responseMs, runningMs, blockedMs, switches } = task
  const times = [arrivedMs, endedMs, turnaroundMs, waitingMs, responseMs, runningMs, blockedMs]
  return [nameOf(name), ...times.map((each) => (each === undefined ? '-' : number(each))), String(switches)]
}

function number(value: number): string {
  return String(Number(value >= 100 ? value.toFixed(1) : value.toPrecision(4)))
}

function nameOf(name: string): string {
  return shownName(name, nameWidthMax)
}
