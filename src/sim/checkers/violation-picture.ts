/**
 * The broken part of a history as one HTML page: a lane for each process, a bar for each operation, what has no place
 * in red, and what it means beside it. Self-contained: it has no script and loads nothing. Everything that comes from
 * the history is escaped.
 */
import type { Operation } from './operation.ts'
import { operationText, rowsOf } from './operation-text.ts'
import type { Violated } from './verdict.ts'

const laneHeight = 44
const columnWidth = 56
const labelWidth = 150
const characterWidth = 7
const style = `body{font:15px system-ui,sans-serif;margin:2rem;color:#1b2530;background:#fff}
pre{background:#f3f5f7;padding:1rem;overflow:auto;font-size:13px}
.scroll{overflow-x:auto}svg{font:12px ui-monospace,monospace}
.bar{fill:#d5e6f5;stroke:#3d78ad}.unknown{fill:#f2ecd8;stroke:#a88a2c;stroke-dasharray:4 3}.culprit{fill:#f8d4d0;stroke:#b3261e}
.lane{stroke:#dde2e7}`

export function violationPicture(violation: Violated, title: string): string {
  const part = violation.part ?? []
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title><style>${style}</style></head>
<body><h1>Not ${escaped(violation.claim)}</h1><p>${escaped(title)}: the smallest part found that is broken by itself. Bars reach from invocation to return; dashed ones never returned; the red one has no place.</p>
<div class="scroll">${drawing(part, violation.culprit)}</div>
<pre>${escaped(violation.text)}</pre></body></html>
`
}

function drawing(part: readonly Operation[], culprit: Operation | undefined): string {
  const processes = [...new Set(rowsOf(part).map((each) => each.process))]
  const events = part.flatMap((each) => [each.invokedAt, each.returnedAt ?? each.invokedAt])
  const places = new Map([...new Set(events)].sort((left, right) => left - right).map((place, rank) => [place, rank]))
  const width = labelWidth + (places.size + 1) * columnWidth
  const height = processes.length * laneHeight + 10
  const lanes = processes.map((process, lane) => {
    const y = lane * laneHeight + laneHeight / 2
    return `<line class="lane" x1="${labelWidth}" x2="${width}" y1="${y}" y2="${y}"/><text x="4" y="${y + 4}">process ${escaped(cut(String(process), 12))}</text>`
  })
  const x = (place: number | undefined): number =>
    labelWidth + (place === undefined ? places.size : (places.get(place) ?? places.size)) * columnWidth
  const bars = part.map((each) =>
    bar(each, x(each.invokedAt), x(each.returnedAt), processes.indexOf(each.process), each === culprit),
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" role="img" aria-label="Timeline">${lanes.join('')}${bars.join('')}</svg>`
}

function bar(operation: Operation, from: number, to: number, lane: number, isCulprit: boolean): string {
  const kind = isCulprit ? 'bar culprit' : operation.type === 'info' ? 'bar unknown' : 'bar'
  const width = Math.max(12, to - from - 4)
  const text = operationText(operation)
  const y = lane * laneHeight + 8
  const room = Math.max(1, Math.floor((width - 8) / characterWidth))
  return `<g><title>${escaped(`process ${operation.process}: ${text}, from ${operation.invokedTime} to ${operation.returnedTime ?? 'nobody knows'}`)}</title><rect class="${kind}" x="${from}" y="${y}" width="${width}" height="28" rx="4"/><text x="${from + 4}" y="${y + 18}">${escaped(cut(text, room))}</text></g>`
}

function cut(text: string, characters: number): string {
  return text.length > characters ? `${text.slice(0, Math.max(0, characters - 1))}…` : text
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}
