/**
 * A trace as one HTML page that stands alone: the drawing of `space-time-svg.ts`, with a style and a small script.
 *
 * It loads nothing, and its own policy forbids it to: it can be sent by mail and opened from a disk. Labels are
 * English or Spanish, as the browser says or the reader chooses. A page of very many rows is slow, so only the last
 * `rowsMax` events are drawn, where a run that failed has its failure; the page says so.
 */
import type { TraceEvent } from '../../edges/trace.ts'
import { describeEvent } from './describe-event.ts'
import { plainText } from './plain-text.ts'
import { nameOf, type SpaceTime, spaceTimeOf, worldName } from './space-time.ts'
import { spaceTimeScript } from './space-time-script.ts'
import { spaceTimeStyle } from './space-time-style.ts'
import {
  coloursMax,
  drawing,
  escaped,
  heightOf,
  messageTypes,
  nameTexts,
  rowHeight,
  top,
  widthOf,
} from './space-time-svg.ts'

/** Events that a page draws. */
export const rowsMax = 5_000
const namesHeight = 34
const policy = `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'`

export function spaceTimeHtml(events: readonly TraceEvent[], title: string): string {
  const whole = spaceTimeOf(events)
  const isCut = whole.events.length > rowsMax
  const picture = isCut ? spaceTimeOf(whole.events.slice(-rowsMax)) : whole
  const heading = escaped(plainText(title, 300))
  const [width, height] = [widthOf(picture), heightOf(picture)]
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
<title>${heading}</title>
<style>
${spaceTimeStyle}</style>
</head>
<body>
<header>
<h1>${heading}</h1>
${facts(picture, isCut ? whole.events.length : undefined)}
${tools(picture)}
<div class="help" data-t="help"></div>
</header>
<div id="scroll">
<div class="names"><svg id="names" width="${width}" height="${namesHeight}" viewBox="0 0 ${width} ${namesHeight}"><text class="time" x="82" y="22" data-t="time">ms</text>${nameTexts(picture)}</svg></div>
<p id="none" data-t="none" hidden>Nothing matches the filters.</p>
<svg id="drawing" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${heading}">
<defs>${heads()}</defs>
${drawing(picture)}
</svg>
</div>
<aside id="panel" hidden><div id="what"></div><pre id="detail"></pre></aside>
<script type="application/json" id="data">${pageData(picture, width, height)}</script>
<script>
${spaceTimeScript}</script>
</body>
</html>
`
}

function facts(picture: SpaceTime, cutFrom: number | undefined): string {
  const { events, messages } = picture
  const lost = messages.filter(({ fate }) => fate === 'lost').length
  const repeated = messages.reduce((count, { arrivals }) => count + Math.max(0, arrivals.length - 1), 0)
  const counts = [
    ['events', events.length],
    ['messages', messages.length],
    ['undelivered', lost],
    ['repeated', repeated],
  ]
  const shown = counts.map(([name, count]) => `<span><b>${count}</b> ${label(String(name))}</span>`)
  if (cutFrom !== undefined) shown.push(`<span><b>${cutFrom}</b> ${label('cut')}</span>`)
  return `<div class="facts">${shown.join('')}${legend(picture)}</div>`
}

function legend(picture: SpaceTime): string {
  const types = messageTypes(picture).slice(0, coloursMax)
  const typeKeys = types.map((type, index) => key(`t${index}`, escaped(plainText(type, 20))))
  const fateKeys = [key('again', label('again')), key('lost', label('lost'), '×')]
  return [...typeKeys, ...fateKeys].join('')
}

function key(classes: string, text: string, end = ''): string {
  const line = `<path class="line" d="M0 6H22"/>${end === '' ? '' : `<text class="end" x="26" y="11">${end}</text>`}`
  const colour = classes.startsWith('t') ? '' : ' t7'
  return `<span class="key"><svg width="${end === '' ? 22 : 32}" height="12"><g class="m ${classes}${colour}">${line}</g></svg>${text}</span>`
}

function tools(picture: SpaceTime): string {
  const boxes = picture.members.map(
    (name, index) => `<label><input type="checkbox" value="${index}" checked> ${escaped(name)}</label>`,
  )
  const machines = [...new Set(picture.events.map(({ machine }) => machine))].filter((name) => name !== worldName)
  const choices = machines.map((name) => `<option value="${escaped(name)}">${escaped(plainText(name, 40))}</option>`)
  return `<div class="tools">
<fieldset id="members">${boxes.join('')}</fieldset>
<label>${label('machine')} <select id="machine"><option value="" data-t="all">all</option>${choices.join('')}</select></label>
<label><input type="checkbox" id="timers" checked> ${label('timers')}</label>
<label>${label('find')} <input type="search" id="find" size="14"></label>
<span class="right"><button id="smaller" type="button">−</button><span id="scale">100 %</span><button id="larger" type="button">+</button>
<button id="theme" type="button" data-t="theme">Light / dark</button><button id="language" type="button" data-t="language">Español</button></span>
</div>`
}

/** A text that the script puts into the reader's language. */
function label(name: string): string {
  return `<span data-t="${name}"></span>`
}

function heads(): string {
  return Array.from(
    { length: coloursMax },
    (_, index) =>
      `<marker id="head${index}" class="t${index}" viewBox="0 0 8 8" refX="12" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L8 4L0 8z" style="fill:var(--c)"/></marker>`,
  ).join('')
}

/** For the script; `<` is written so that nothing in it can end the element that it stands in. */
function pageData(picture: SpaceTime, width: number, height: number): string {
  const rows = picture.events.map((event) => ({
    c: picture.members.indexOf(nameOf(event)),
    k: event.machine,
    i: event.input.kind,
    x: describeEvent(event, 300, picture.originMs).trim(),
    d: { lamport: event.lamport, sequence: event.sequence, input: event.input, effects: event.effects },
  }))
  return JSON.stringify({ rowHeight, top, width, height, namesHeight, rows }).replaceAll('<', '\\u003c')
}
