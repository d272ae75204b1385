/** The HTML diagram of a trace in a real browser: it stands alone, draws every message, and speaks two languages. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { exportTrace } from '../../src/sim/traces/export-trace.ts'
import { generatedTrace } from '../../src/sim/traces/fixtures/generated-trace.ts'
import { spaceTimeOf } from '../../src/sim/traces/space-time.ts'

const browserPath = '/usr/bin/chromium'
const skip = existsSync(browserPath) ? false : 'apt-get install -y chromium'
const events = generatedTrace({ seed: 3, members: 5, events: 2_500 })
const { messages } = spaceTimeOf(events)
const loadMsMax = 20_000

describe('the HTML diagram of a trace of 2,500 events', { skip }, () => {
  let folder: string
  let browser: Browser
  let page: Page
  const complaints: string[] = []
  const requests: string[] = []

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cardumen-page-'))
    const file = join(folder, 'trace.html')
    writeFileSync(file, exportTrace('html', events, 'made up, seed 3 <script>alert(1)</script>'))
    browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox'] })
    page = await browser.newPage({ viewport: { width: 1_300, height: 900 }, locale: 'en-GB' })
    page.setDefaultTimeout(loadMsMax)
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('dialog', (dialog) => complaints.push(dialog.message()))
    page.on('request', (request) => requests.push(request.url()))
    await page.goto(pathToFileURL(file).href)
  })
  after(async () => {
    await browser?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  function shown(selector: string): Promise<number> {
    return page.evaluate<number>(
      `[...document.querySelectorAll(${JSON.stringify(selector)})].filter((each) => each.style.display !== 'none').length`,
    )
  }

  it('draws a row for each event, and an arrow for each arrival and each loss', async () => {
    const arrivals = messages.reduce((count, message) => count + Math.max(1, message.arrivals.length), 0)
    assert.equal(await shown('#drawing [data-r]'), events.length)
    assert.equal(await shown('#drawing [data-s]'), arrivals)
    assert.equal(await shown('#drawing .m.lost'), messages.filter(({ fate }) => fate === 'lost').length)
  })

  it('draws each arrow downward, and its two ends on the lines of two members', async () => {
    const wrong = await page.evaluate<number>(`(() => {
      const lines = new Set([...document.querySelectorAll('.life')].map((each) => each.getAttribute('x1')))
      return [...document.querySelectorAll('#drawing .m')].filter((arrow) => {
        const line = arrow.querySelector('.line')
        const [from, to] = [line.getPointAtLength(0), line.getPointAtLength(line.getTotalLength())]
        const isAtLines = lines.has(String(Math.round(from.x))) && (arrow.dataset.e === '' || lines.has(String(Math.round(to.x))))
        return to.y <= from.y || !isAtLines
      }).length
    })()`)
    assert.equal(wrong, 0)
  })

  it('speaks the language of the browser, and the other one at a click', async () => {
    const facts = page.locator('.facts')
    assert.match(await facts.innerText(), /2500 events/)
    await page.click('#language')
    assert.match(await facts.innerText(), /2500 sucesos/)
    assert.match(await page.locator('.tools').innerText(), /Temporizadores[\s\S]*Buscar/)
    assert.equal(await page.getAttribute('html', 'lang'), 'es')
    assert.equal(
      await page.evaluate(
        `[...document.querySelectorAll('[data-t]')].filter((each) => each.textContent === '').length`,
      ),
      0,
    )
    await page.click('#language')
    assert.match(await facts.innerText(), /2500 events/)
  })

  it('takes out what the filters leave out, and closes the gaps', async () => {
    const ofFirst = events.filter(({ member }) => member.startsWith('m1#')).length
    const height = (): Promise<number> => page.evaluate(`document.querySelector('#drawing').clientHeight`)
    const full = await height()
    await page.uncheck('#members input[value="0"]')
    assert.equal(await shown('#drawing [data-r]'), events.length - ofFirst)
    assert.ok((await height()) < full)
    await page.check('#members input[value="0"]')
    await page.fill('#find', 'no event has this text')
    assert.equal(await shown('#drawing [data-r]'), 0)
    assert.equal(await page.isVisible('#none'), true)
    await page.fill('#find', '')
    assert.equal(await shown('#drawing [data-r]'), events.length)
    assert.equal(await height(), full)
  })

  it('shows what a step holds and marks its arrows, until Escape', async () => {
    await page.locator('.e circle').nth(5).click()
    const step = events.filter(({ machine }) => machine !== 'world')[5]
    assert.ok((await page.locator('#what').innerText()).includes(` ${step?.member} `))
    assert.match(await page.locator('#detail').innerText(), /"lamport"/)
    assert.equal(await shown('.e.on'), 1)
    await page.keyboard.press('Escape')
    assert.equal(await page.isVisible('#panel'), false)
  })

  it('says of an arrow what became of it, in the language of the reader', async () => {
    const about = async (): Promise<string> => {
      await page.locator('#drawing .m.lost .hit').first().dispatchEvent('click')
      return page.locator('#what').innerText()
    }
    assert.match(await about(), /^(REQ|REP|ACK) \d+: m\d#\d → m\d#\d, never arrives$/)
    await page.click('#language')
    assert.match(await about(), /, no llega$/)
    await page.click('#language')
    await page.keyboard.press('Escape')
  })

  it('grows and shrinks, and is light or dark as the reader likes', async () => {
    const width = (): Promise<number> => page.evaluate(`document.querySelector('#drawing').clientWidth`)
    const usual = await width()
    await page.click('#larger')
    assert.equal(Math.round(await width()), Math.round(usual * 1.25))
    await page.click('#smaller')
    const back = (): Promise<string> => page.evaluate(`getComputedStyle(document.body).backgroundColor`)
    const light = await back()
    await page.click('#theme')
    assert.notEqual(await back(), light)
  })

  it('complains of nothing, and asks the network for nothing', () => {
    assert.deepEqual(complaints, [])
    assert.deepEqual(
      requests.filter((url) => !url.startsWith('file:') && !url.startsWith('data:')),
      [],
    )
    assert.equal(requests.filter((url) => url.startsWith('file:')).length, 1)
  })
})
