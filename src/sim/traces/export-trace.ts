/**
 * The forms that a trace is exported to, by the name that the command line has for each.
 */
import type { TraceEvent } from '../../edges/trace.ts'
import { perfettoTrace } from './perfetto.ts'
import { shivizLog } from './shiviz.ts'
import { spaceTimeHtml } from './space-time-html.ts'

export const exportKinds = ['shiviz', 'perfetto', 'html'] as const
export type ExportKind = (typeof exportKinds)[number]

/** @param title - for people, such as the scenario and its seed; a ShiViz log has no place for it */
export function exportTrace(kind: ExportKind, events: readonly TraceEvent[], title: string): string {
  switch (kind) {
    case 'shiviz':
      return shivizLog(events)
    case 'perfetto':
      return perfettoTrace(events, title)
    case 'html':
      return spaceTimeHtml(events, title)
  }
}
