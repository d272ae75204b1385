/**
 * What was run, in a line for people.
 */
import type { Totals } from '../sim/search/seeds.ts'
import { counted } from './units.ts'

export function totalsText(totals: Totals): string {
  const faults = Object.values(totals.faults).reduce((sum, count) => sum + count, 0)
  return [
    counted(totals.seeds, 'seed'),
    virtualTimeText(totals.virtualMs),
    `${totals.events.toLocaleString('en')} events`,
    counted(faults, 'fault'),
    `${totals.checked.toLocaleString('en')} checks`,
  ].join(', ')
}

export function virtualTimeText(virtualMs: number): string {
  if (virtualMs < 60_000) return `${(virtualMs / 1_000).toFixed(1)} virtual seconds`
  if (virtualMs < 3_600_000) return `${(virtualMs / 60_000).toFixed(1)} virtual minutes`
  return `${(virtualMs / 3_600_000).toFixed(1)} virtual hours`
}
