/** The guards, with the functions of this very process: what is refused inside, and what stays as it is outside. */
import assert from 'node:assert/strict'
import * as childProcess from 'node:child_process'
import * as nodeCrypto from 'node:crypto'
import * as dgram from 'node:dgram'
import * as dns from 'node:dns'
import * as dnsPromises from 'node:dns/promises'
import * as fs from 'node:fs'
import { readFileSync } from 'node:fs'
import * as fsPromises from 'node:fs/promises'
import { readFile } from 'node:fs/promises'
import * as http from 'node:http'
import * as http2 from 'node:http2'
import * as https from 'node:https'
import * as net from 'node:net'
import * as os from 'node:os'
import { performance as hooksPerformance } from 'node:perf_hooks'
import { describe, it } from 'node:test'
import * as timers from 'node:timers'
import * as timersPromises from 'node:timers/promises'
import * as tls from 'node:tls'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import * as zlib from 'node:zlib'
import { type CardumenError, isCardumenError } from '../../lib/cardumen-error.ts'
import { installGuards, touchedMax } from './guards.ts'
import { refusals } from './refused.ts'

const thisFile = import.meta.filename
const nothing = (): void => undefined

/** Each a way to reach the real world, and what the error must name. */
const reaches: Readonly<Record<string, readonly (readonly [named: string, instead: string, reach: () => unknown])[]>> =
  {
    'global timers': [
      ['setTimeout', 'system.sleep', () => setTimeout(nothing, 1)],
      ['setInterval', 'system.sleep', () => setInterval(nothing, 1)],
      ['setImmediate', 'system.sleep', () => setImmediate(nothing)],
      ['AbortSignal.timeout', 'system.sleep', () => AbortSignal.timeout(1)],
      ['Atomics.wait', 'system.sleep', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)],
    ],
    'node:timers': [
      ['setTimeout', 'system.sleep', () => timers.setTimeout(nothing, 1)],
      ['setTimeout', 'system.sleep', () => promisify(setTimeout)(1)],
      ['node:timers/promises setTimeout', 'system.sleep', () => timersPromises.setTimeout(1)],
      ['node:timers/promises setInterval', 'system.sleep', () => timersPromises.setInterval(1)],
      ['scheduler wait', 'system.sleep', () => timersPromises.scheduler.wait(1)],
    ],
    Date: [
      ['Date.now', 'system.clock.now()', () => Date.now()],
      ['new Date()', 'system.clock.now()', () => new Date()],
      ['Date()', 'system.clock.now()', () => Date()],
      ['new Date()', 'system.clock.now()', () => new (class extends Date {})()],
    ],
    performance: [
      ['performance.now', 'system.clock.now()', () => performance.now()],
      ['performance.now', 'system.clock.now()', () => hooksPerformance.now()],
      ['performance.mark', 'system.clock.now()', () => performance.mark('here')],
      ['process.hrtime', 'system.clock.now()', () => process.hrtime()],
      ['process.hrtime', 'system.clock.now()', () => process.hrtime.bigint()],
      ['process.uptime', 'system.clock.now()', () => process.uptime()],
    ],
    chance: [
      ['Math.random', 'system.random', () => Math.random()],
      ['crypto.getRandomValues', 'system.random', () => crypto.getRandomValues(new Uint8Array(4))],
      ['crypto.randomUUID', 'system.random', () => crypto.randomUUID()],
      ['randomBytes', 'system.random', () => nodeCrypto.randomBytes(4)],
      ['randomInt', 'system.random', () => nodeCrypto.randomInt(4)],
      ['randomUUID', 'system.random', () => nodeCrypto.randomUUID()],
      ['getRandomValues', 'system.random', () => nodeCrypto.getRandomValues(new Uint8Array(4))],
      ['generateKeyPairSync', 'system.random', () => nodeCrypto.generateKeyPairSync('ed25519')],
      ['webcrypto', 'system.random', () => nodeCrypto.webcrypto.getRandomValues(new Uint8Array(4))],
      ['crypto.subtle.digest', 'synchronous', () => crypto.subtle.digest('SHA-256', new Uint8Array(1))],
    ],
    fetch: [
      ['fetch', 'system.open', () => fetch('http://127.0.0.1:9')],
      ['WebSocket', 'system.open', () => new WebSocket('ws://127.0.0.1:9')],
    ],
    'node:fs': [
      ['node:fs readFileSync', 'life.disk', () => readFileSync(thisFile)],
      ['node:fs readFile', 'life.disk', () => fs.readFile(thisFile, nothing)],
      ['node:fs existsSync', 'life.disk', () => fs.existsSync(thisFile)],
      ['node:fs realpathSync', 'life.disk', () => fs.realpathSync.native(thisFile)],
      ['node:fs createReadStream', 'life.disk', () => fs.createReadStream(thisFile)],
      ['node:fs exists', 'life.disk', () => promisify(fs.exists)(thisFile)],
    ],
    'node:fs/promises': [
      ['node:fs/promises readFile', 'life.disk', () => readFile(thisFile)],
      ['node:fs/promises open', 'life.disk', () => fsPromises.open(thisFile)],
      ['node:fs/promises stat', 'life.disk', () => fs.promises.stat(thisFile)],
    ],
    'node:net and its like': [
      ['node:net connect', 'system.open', () => net.connect(9)],
      ['node:net createServer', 'system.open', () => net.createServer()],
      ['node:net Socket', 'system.open', () => new net.Socket()],
      ['node:tls connect', 'system.open', () => tls.connect(9)],
      ['node:http request', 'system.open', () => http.request('http://127.0.0.1:9')],
      ['node:http createServer', 'system.open', () => http.createServer()],
      ['node:https get', 'system.open', () => https.get('https://127.0.0.1:9')],
      ['node:http2 connect', 'system.open', () => http2.connect('http://127.0.0.1:9')],
      ['node:dgram createSocket', 'system.open', () => dgram.createSocket('udp4')],
    ],
    'node:dns': [
      ['node:dns lookup', 'system.open', () => dns.lookup('localhost', nothing)],
      ['node:dns resolve4', 'system.open', () => dns.resolve4('localhost', nothing)],
      ['node:dns/promises lookup', 'system.open', () => dnsPromises.lookup('localhost')],
    ],
    'processes and threads': [
      ['node:child_process spawn', 'system.run', () => childProcess.spawn(process.execPath)],
      ['node:child_process execFileSync', 'system.run', () => childProcess.execFileSync(process.execPath)],
      ['node:child_process exec', 'system.run', () => promisify(childProcess.exec)('true')],
      ['node:child_process execFile', 'system.run', () => promisify(childProcess.execFile)('true')],
      ['node:worker_threads Worker', 'system.import', () => new Worker('')],
      ['process.exit', 'throw', () => process.exit(0)],
    ],
    'threads behind the scene': [
      ['node:zlib gzip', 'synchronous', () => zlib.gzip('', nothing)],
      ['node:crypto scrypt', 'synchronous', () => nodeCrypto.scrypt('', '', 8, nothing)],
      ['node:os freemem', 'scenario', () => os.freemem()],
    ],
  }

function refusalOf(reach: () => unknown): CardumenError {
  try {
    reach()
  } catch (error) {
    assert.ok(isCardumenError(error, 'real-world'), String(error))
    return error
  }
  assert.fail('it was not refused')
}

describe('code inside a simulation', () => {
  for (const [family, each] of Object.entries(reaches)) {
    it(`is refused ${family}, by name, with the member and what to use instead`, () => {
      using guards = installGuards()
      for (const [named, instead, reach] of each) {
        const error = guards.run('m2', () => refusalOf(reach))
        assert.ok(error.message.startsWith('m2 touched '), error.message)
        if (named !== 'webcrypto') assert.ok(error.message.includes(named), `${named}: ${error.message}`)
        assert.ok(error.message.includes(instead), `${instead}: ${error.message}`)
      }
      assert.equal(guards.touched.length, each.length)
    })
  }

  it('is refused the promise of a function too, which fails', async () => {
    using guards = installGuards()
    const isRefusal = (error: unknown): boolean => isCardumenError(error, 'real-world')
    await guards.run('m1', () => assert.rejects(promisify(fs.readFile)(thisFile), isRefusal))
    assert.equal(guards.touched.length, 1)
  })

  it('keeps what is a function of its arguments', () => {
    using guards = installGuards()
    guards.run('m1', () => {
      assert.equal(new Date(0).toISOString(), '1970-01-01T00:00:00.000Z')
      assert.equal(new Date(2_000, 0, 1) instanceof Date, true)
      assert.equal(Date.UTC(1970, 0, 1), 0)
      assert.equal(Date.parse('1970-01-01T00:00:00Z'), 0)
      assert.equal(nodeCrypto.hash('sha1', ''), 'da39a3ee5e6b4b0d3255bfef95601890afd80709')
      assert.ok(zlib.deflateSync('x').length > 0)
      assert.equal(typeof WebSocket, 'function')
      structuredClone(new Map([[1, new Date(1)]]))
    })
    assert.deepEqual(guards.touched, [])
  })

  it('may write to the console and fail an assertion, which touch nothing of its own', () => {
    using guards = installGuards()
    guards.run('m1', () => {
      console.debug('a program under simulation may say something')
      assert.throws(() => assert.ok(guards.touched.length > 0), assert.AssertionError)
      assert.throws(() => assert.deepEqual([1], [2]), assert.AssertionError)
    })
    assert.deepEqual(guards.touched, [])
  })

  it('is known after promises, in callbacks of its own and in generators', async () => {
    using guards = installGuards()
    const settled = Promise.withResolvers<void>()
    const inside = guards.run('m3', async () => {
      await settled.promise
      await new Promise<void>((resolve) => queueMicrotask(resolve))
      return refusalOf(() => Date.now())
    })
    settled.resolve()
    assert.match((await inside).message, /^m3 /)
    async function* ticks() {
      await Promise.resolve()
      yield refusalOf(() => Math.random())
    }
    const [first] = await guards.run('m4', () => Array.fromAsync(ticks()))
    assert.match(first?.message ?? '', /^m4 /)
  })

  it('fails its run even where it swallows the error, and the list of what it touched is bounded', () => {
    using guards = installGuards()
    guards.run('m1', () => {
      for (let count = 0; count < touchedMax + 5; count++) assert.throws(() => Date.now())
    })
    assert.equal(guards.touched.length, touchedMax)
    assert.equal(guards.touched[0]?.code, 'real-world')
  })
})

describe('code outside of a simulation', () => {
  it('calls the originals meanwhile', async () => {
    using guards = installGuards()
    const inside = guards.run('m1', () => Promise.resolve().then(() => refusalOf(() => Date.now())))
    assert.ok(Math.abs(new Date().getTime() - Date.now()) < 60_000)
    assert.ok(Date().length > 0)
    assert.ok(Math.random() < 1)
    assert.ok(performance.now() > 0)
    assert.ok(process.hrtime.bigint() > 0n)
    assert.equal(nodeCrypto.randomBytes(4).length, 4)
    assert.ok(readFileSync(thisFile, 'utf8').includes('calls the originals'))
    assert.ok((await readFile(thisFile)).length > 0)
    await timersPromises.setTimeout(0)
    await promisify(setTimeout)(0)
    await new Promise((resolve) => setImmediate(resolve))
    const server = net.createServer().listen(0)
    assert.ok(server instanceof net.Server)
    server.close()
    assert.equal(childProcess.spawnSync(process.execPath, ['--version']).status, 0)
    await inside
    assert.equal(guards.touched.length, 1)
  })

  it('knows of each simulation what was touched in it, where two run at once', () => {
    using one = installGuards()
    using two = installGuards()
    one.run('a', () => refusalOf(() => Date.now()))
    two.run('b', () => refusalOf(() => Math.random()))
    assert.deepEqual([one.touched.length, two.touched.length], [1, 1])
    assert.match(two.touched[0]?.message ?? '', /^b touched Math\.random/)
  })

  it('has every function back as it was, once the last simulation has ended', () => {
    const before = propertiesNow()
    const imported = [readFileSync, readFile, timers.setTimeout, nodeCrypto.randomBytes, net.connect, Date]
    const one = installGuards()
    const two = installGuards()
    assert.notDeepEqual(propertiesNow(), before)
    assert.notEqual(readFileSync, imported[0])
    one[Symbol.dispose]()
    one[Symbol.dispose]()
    two.run('m1', () => refusalOf(() => Date.now()))
    two[Symbol.dispose]()
    const after = propertiesNow()
    assert.equal(after.length, before.length)
    for (const [index, property] of after.entries()) assert.equal(property, before[index])
    const importedNow = [readFileSync, readFile, timers.setTimeout, nodeCrypto.randomBytes, net.connect, Date]
    for (const [index, each] of importedNow.entries()) assert.equal(each, imported[index])
    two.run('m1', () => Date.now())
  })

  it('keeps what somebody else put in the place of a function meanwhile', () => {
    const original = Math.random
    try {
      const guards = installGuards()
      const mocked = (): number => 0.5
      Math.random = mocked
      guards[Symbol.dispose]()
      assert.equal(Math.random, mocked)
    } finally {
      Math.random = original
    }
  })
})

/** Values and getters of all that the guards may replace. */
function propertiesNow(): readonly unknown[] {
  return refusals()
    .flatMap(({ holder, keys }) => (keys ?? Object.getOwnPropertyNames(holder)).map((key) => [holder, key] as const))
    .map(([holder, key]) => Object.getOwnPropertyDescriptor(holder, key))
    .flatMap((property) => Object.values(property ?? {}) as readonly unknown[])
}
