/**
 * The script inside the HTML diagram: languages, light and dark, zoom, filters, and what an event or message holds.
 *
 * It is plain browser JavaScript kept as text, since the page must stand alone and this room knows no files. It only
 * moves, hides and shows what is already in the page; texts from the trace are set as text, never as HTML.
 */
export const spaceTimeScript = String.raw`(() => {
'use strict'
const words = {
  en: { events: 'events', messages: 'messages', undelivered: 'never arrived', repeated: 'arrived again', find: 'Find', machine: 'Machine',
    all: 'all', timers: 'Timers', language: 'Español', theme: 'Light / dark', help: 'Point at a step or an arrow; click keeps it.',
    cut: 'in the whole trace; the last ones are drawn', time: 'ms', none: 'Nothing matches the filters.',
    again: 'arrives again', lost: 'never arrives', unseen: 'nobody knows: its addressee was not recorded' },
  es: { events: 'sucesos', messages: 'mensajes', undelivered: 'no llegaron', repeated: 'llegaron otra vez', find: 'Buscar', machine: 'Máquina',
    all: 'todas', timers: 'Temporizadores', language: 'English', theme: 'Claro / oscuro', help: 'Señale un paso o una flecha; un clic lo retiene.',
    cut: 'en toda la traza; se dibujan los últimos', time: 'ms', none: 'Nada coincide con los filtros.',
    again: 'llega otra vez', lost: 'no llega', unseen: 'no se sabe: no hay registro del destinatario' },
}
const byId = (id) => document.getElementById(id)
const data = JSON.parse(byId('data').textContent)
const { rowHeight, top } = data
const drawing = byId('drawing')
const names = byId('names')
const rows = [...drawing.querySelectorAll('[data-r]')]
const arrows = [...drawing.querySelectorAll('[data-s]')]
const lives = [...drawing.querySelectorAll('[data-a]')]
let scale = 1
let pinned
let places = data.rows.map((_, row) => row)
let height = data.height

function setLanguage(language) {
  document.documentElement.lang = language
  for (const each of document.querySelectorAll('[data-t]')) each.textContent = words[language][each.dataset.t]
}
byId('language').onclick = () => setLanguage(document.documentElement.lang === 'en' ? 'es' : 'en')
setLanguage((navigator.language || 'en').startsWith('es') ? 'es' : 'en')

byId('theme').onclick = () => {
  const isDark = matchMedia('(prefers-color-scheme: dark)').matches
  const now = document.documentElement.dataset.theme || (isDark ? 'dark' : 'light')
  document.documentElement.dataset.theme = now === 'dark' ? 'light' : 'dark'
}

function resize() {
  for (const [svg, full] of [[drawing, height], [names, data.namesHeight]]) {
    svg.setAttribute('viewBox', '0 0 ' + data.width + ' ' + full)
    svg.setAttribute('width', data.width * scale)
    svg.setAttribute('height', full * scale)
  }
  byId('scale').textContent = Math.round(scale * 100) + ' %'
}
function zoom(factor) {
  scale = Math.min(4, Math.max(0.2, scale * factor))
  resize()
}
byId('larger').onclick = () => zoom(1.25)
byId('smaller').onclick = () => zoom(0.8)
byId('scroll').addEventListener('wheel', (event) => {
  if (!event.ctrlKey) return
  event.preventDefault()
  zoom(event.deltaY < 0 ? 1.1 : 1 / 1.1)
}, { passive: false })

const y = (row) => top + places[row] * rowHeight
function path(arrow) {
  const [x1, x2] = [Number(arrow.dataset.x1), Number(arrow.dataset.x2)]
  const y1 = y(arrow.dataset.s)
  const y2 = arrow.dataset.e === '' ? y1 + rowHeight * 0.8 : y(arrow.dataset.e)
  const bend = x1 === x2 ? 'C' + (x1 + 60) + ' ' + y1 + ' ' + (x1 + 60) + ' ' + y2 + ' ' : 'L'
  return { y1, y2, d: 'M' + x1 + ' ' + y1 + bend + x2 + ' ' + y2 }
}
function layOut() {
  const isShown = filter()
  let count = 0
  places = data.rows.map((_, row) => (isShown(row) ? count++ : -1))
  for (const each of rows) {
    const place = places[each.dataset.r]
    each.style.display = place < 0 ? 'none' : ''
    if (place >= 0) each.setAttribute('transform', 'translate(0 ' + y(each.dataset.r) + ')')
  }
  for (const arrow of arrows) {
    const isWhole = places[arrow.dataset.s] >= 0 && (arrow.dataset.e === '' || places[arrow.dataset.e] >= 0)
    arrow.style.display = isWhole ? '' : 'none'
    if (!isWhole) continue
    const { y1, y2, d } = path(arrow)
    for (const line of arrow.querySelectorAll('path')) line.setAttribute('d', d)
    for (const text of arrow.querySelectorAll('text')) text.setAttribute('y', y1 + (y2 - y1) * Number(text.dataset.share) + Number(text.dataset.down))
  }
  const from = (row) => places.slice(row).find((place) => place >= 0) ?? count
  const until = (row) => { while (row >= 0 && places[row] < 0) row--; return row < 0 ? -1 : places[row] }
  for (const life of lives) {
    const last = life.dataset.b === '' ? count : until(Number(life.dataset.b))
    life.setAttribute('y1', life.dataset.a === '' ? 0 : top + from(Number(life.dataset.a)) * rowHeight)
    life.setAttribute('y2', top + last * rowHeight)
  }
  byId('none').hidden = count > 0
  height = top + (count + 1) * rowHeight
  resize()
}
function filter() {
  const members = new Set([...document.querySelectorAll('#members input:checked')].map((box) => Number(box.value)))
  const machine = byId('machine').value
  const text = byId('find').value.toLowerCase()
  const timers = byId('timers').checked
  return (row) => {
    const { c, k, i, x } = data.rows[row]
    const isOfMember = c < 0 || members.has(c)
    return isOfMember && (machine === '' || k === machine || k === 'world') && (timers || i !== 'timer') && (text === '' || x.toLowerCase().includes(text))
  }
}
for (const id of ['machine', 'find', 'timers', 'members']) byId(id).addEventListener('input', layOut)

function show(target) {
  for (const each of drawing.querySelectorAll('.on')) each.classList.remove('on')
  if (!target) {
    byId('panel').hidden = true
    return
  }
  const row = target.dataset.r ?? (target.dataset.e === '' ? target.dataset.s : target.dataset.e)
  target.classList.add('on')
  for (const arrow of arrows) if (target.dataset.r !== undefined && (arrow.dataset.s === row || arrow.dataset.e === row)) arrow.classList.add('on')
  byId('panel').hidden = false
  const fate = words[document.documentElement.lang][target.dataset.fate]
  byId('what').textContent = target.dataset.about === undefined ? data.rows[row].x : target.dataset.about + (fate ? ', ' + fate : '')
  byId('detail').textContent = JSON.stringify(data.rows[row].d, null, 1)
}
const targetOf = (event) => event.target.closest('[data-r],[data-s]')
drawing.addEventListener('pointerover', (event) => { if (!pinned) show(targetOf(event)) })
drawing.addEventListener('click', (event) => {
  pinned = targetOf(event) ?? undefined
  show(pinned)
})
document.addEventListener('keydown', (event) => { if (event.key === 'Escape') { pinned = undefined; show(undefined) } })
layOut()
})()
`
