/** The simulator in a real browser: the same sources, the same seeds, the same runs as in Node. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import type { Server } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { type Browser, chromium, type Page } from 'playwright-core'
import type { Report } from '../../src/sim/scenario.ts'
import { scenarios } from '../../src/sim/scenarios/registry.ts'
import { planOf } from '../../src/sim/search/plans.ts'
import { nodeSurroundings } from '../../src/simulation/surroundings.ts'
import { serveSources } from './fixtures/source-server.ts'

const browserPath = '/usr/bin/chromium'
const skip = existsSync(browserPath) ? false : 'apt-get install -y chromium'
const seed = 3
const runMsMax = 120_000

describe('the simulator in a browser', { skip }, () => {
  let server: Server
  let url: string
  let browser: Browser
  let page: Page
  const complaints: string[] = []
  const requests: string[] = []

  before(async () => {
    ;({ server, url } = await serveSources())
    browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox'] })
    page = await browser.newPage({ locale: 'es-AR', timezoneId: 'America/Argentina/Ushuaia' })
    page.setDefaultTimeout(runMsMax)
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('request', (request) => requests.push(request.url()))
    await page.goto(url)
  })
  after(async () => {
    await browser?.close()
    server?.close()
  })

  function inBrowser(name: string): Promise<Report> {
    return page.evaluate<Report>(
      `import('/test/pages/fixtures/simulation-page.ts').then(({ simulated }) => simulated(${JSON.stringify(name)}, ${seed}))`,
    )
  }

  for (const scenario of scenarios) {
    it(`runs "${scenario.name}" as Node does`, async () => {
      const inNode = await scenario.run(planOf(scenario, seed), nodeSurroundings())
      assert.ok(inNode.events > 0)
      assert.deepEqual(await inBrowser(scenario.name), inNode)
    })
  }

  it('needs nothing but its sources, and no module of Node or of an open room', () => {
    assert.deepEqual(complaints, [])
    const paths = requests.map((request) => new URL(request).pathname)
    const wall =
      /^\/(?:$|src\/(?:lib|wire|protocols|edges|kernel|servers|sharing|sim)\/|test\/pages\/fixtures\/|node_modules\/(?:msgpackr|@noble)\/)/
    assert.ok(paths.includes('/src/kernel/member.ts'))
    assert.deepEqual(
      paths.filter((path) => !wall.test(path)),
      [],
    )
    assert.ok(requests.every((request) => request.startsWith(url)))
  })
})
