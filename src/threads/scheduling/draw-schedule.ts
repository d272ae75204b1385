/**
 * A recorded schedule as a Gantt chart in text.
 */
import { ganttOf } from '../../protocols/scheduling/gantt.ts'
import type { Schedule } from '../../protocols/scheduling/schedule.ts'
import { CardumenError } from '../../lib/cardumen-error.ts'

const widthMin = 20
const widthMax = 10_000

/** @throws CardumenError `option-invalid` where the width is not from 20 to 10,000. */
export function drawSchedule(schedule: Schedule, options: { readonly width?: number } = {}): string {
  const { width = 80 } = options
  if (Number.isInteger(width) && width >= widthMin && width <= widthMax) return ganttOf(schedule, { width })
  throw new CardumenError('option-invalid', `A chart is ${widthMin} to ${widthMax} columns wide, not ${width}.`)
}
