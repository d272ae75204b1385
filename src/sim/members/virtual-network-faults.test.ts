/** What losses, cuts, breaks and deaths do to connections of the virtual network. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { usualNetwork } from '../faults/network-options.ts'
import { VirtualSite } from './fixtures/virtual-site.ts'

test('a segment that is lost six times in a row ends the connection', async () => {
  const site = new VirtualSite()
  const { dialler, acceptor } = await site.connected()
  site.inForce({ kind: 'loss', rate: 1, atMs: 0, from: 'm1' })
  dialler.write('never')
  await site.advance(13_000)
  assert.deepEqual(dialler.heard, ['12602 closed: m2 does not answer any more.'])
  assert.deepEqual(acceptor.told, ['closed: m1 reset the connection.'])
})

test('a segment that is late delays those behind it', async () => {
  const site = new VirtualSite()
  const { dialler, acceptor } = await site.connected()
  const lift = site.inForce({ kind: 'reorder', rate: 1, laterMsMax: 1_000, atMs: 0 })
  dialler.write('late')
  lift()
  dialler.write('behind')
  await site.advance(1_100)
  const [lateMs, behindMs] = acceptor.heard.map((line) => Number(line.split(' ')[0]))
  assert.deepEqual(acceptor.told, ['late', 'behind'])
  assert.ok(lateMs !== undefined && lateMs > 10)
  assert.equal(behindMs, lateMs)
})

test('with losses everything arrives in its order, after waits of 200 ms, 600 ms…', async () => {
  const site = new VirtualSite()
  const { dialler, acceptor } = await site.connected()
  site.inForce({ kind: 'loss', rate: 0.3, atMs: 0 })
  for (let index = 0; index < 100; index++) dialler.write(`${index}`)
  await site.advance(10_000)
  assert.deepEqual(
    acceptor.told,
    Array.from({ length: 100 }, (_, index) => `${index}`),
  )
  const waits = new Set(acceptor.heard.map((line) => Number(line.split(' ')[0]) - 3))
  assert.ok([...waits].every((wait) => [0, 200, 600, 1_400, 3_000, 6_200].includes(wait)))
  assert.ok(waits.size > 1)
})

test('a cut holds segments, and the first retransmission after it heals brings them in their order', async () => {
  const site = new VirtualSite()
  const { dialler, acceptor } = await site.connected()
  const heal = site.partition('both-ways', 'm1', 'm2')
  dialler.write('one')
  dialler.write('two')
  await site.advance(1_000)
  assert.deepEqual(acceptor.heard, [])
  heal()
  dialler.write('three')
  await site.advance(1_000)
  assert.deepEqual(acceptor.heard, ['1403 one', '1403 two', '1403 three'])
  assert.equal(site.network.stalled.size, 0)
})

test('a cut of 15 seconds breaks the connection of one who writes, and leaves the other half-open', async () => {
  const site = new VirtualSite()
  const { dialler, acceptor } = await site.connected()
  const heal = site.partition('both-ways', 'm1', 'm2')
  dialler.write('anybody?')
  await site.advance(20_000)
  assert.deepEqual(dialler.heard, ['15002 closed: m2 does not answer any more.'])
  assert.deepEqual(acceptor.heard, [])
  heal()
  await site.advance(10_000)
  assert.deepEqual(acceptor.heard, [])
  acceptor.write('still there?')
  await site.advance(10)
  assert.deepEqual(acceptor.told, ['closed: m1 reset the connection.'])
})

test('a cut that heals and comes again before the next retransmission still ends in giving up', async () => {
  const site = new VirtualSite()
  const { dialler } = await site.connected()
  const heal = site.partition('both-ways', 'm1', 'm2')
  dialler.write('anybody?')
  await site.advance(13_000)
  heal()
  await site.advance(1_000)
  site.partition('both-ways', 'm1', 'm2')
  await site.advance(10_000)
  assert.deepEqual(dialler.heard, ['15802 closed: m2 does not answer any more.'])
})

test('a cut that heals after 13 seconds breaks nothing', async () => {
  const site = new VirtualSite()
  const { dialler, acceptor } = await site.connected()
  const heal = site.partition('both-ways', 'm1', 'm2')
  dialler.write('anybody?')
  await site.advance(13_000)
  heal()
  await site.advance(10_000)
  assert.deepEqual([dialler.heard, acceptor.heard], [[], ['15803 anybody?']])
})

test('through a cut of the way back data still arrives, and its sender gives up after 15 seconds', async () => {
  const site = new VirtualSite()
  const { dialler, acceptor } = await site.connected()
  site.partition('one-way', 'm2', 'm1')
  dialler.write('heard')
  await site.advance(20_000)
  assert.deepEqual(acceptor.heard, ['3 heard', '15003 closed: m1 reset the connection.'])
  assert.deepEqual(dialler.heard, ['15002 closed: m2 does not answer any more.'])
})

test('what was read while the way back was cut opens the window once it heals', async () => {
  const site = new VirtualSite()
  const { dialler, acceptor } = await site.connected()
  dialler.connection.write([new Uint8Array(300_000)])
  const heal = site.partition('both-ways', 'm1', 'm2')
  await site.advance(5_000)
  assert.equal(acceptor.bytes, 262_144)
  heal()
  await site.advance(5_000)
  assert.equal(acceptor.bytes, 300_000)
})

test('a cut that nobody writes through is not noticed', async () => {
  const site = new VirtualSite()
  const { dialler, acceptor } = await site.connected()
  const heal = site.partition('both-ways', 'm1', 'm2')
  const before = site.timeline.events
  await site.advance(60_000)
  assert.equal(site.timeline.events - before, 1)
  heal()
  dialler.write('as if nothing had been')
  await site.advance(10)
  assert.deepEqual(acceptor.told, ['as if nothing had been'])
})

test('a break is told to both ends, and what was under way is lost', async () => {
  const site = new VirtualSite()
  const { dialler, acceptor } = await site.connected()
  dialler.write('under way')
  site.inForce({ kind: 'break', rate: 1, atMs: 0 })
  assert.equal(dialler.write('breaks'), false)
  await site.advance(10)
  assert.deepEqual(dialler.told, ['closed: The connection to m2 broke.'])
  assert.deepEqual(acceptor.told, ['closed: m1 reset the connection.'])
})

test('the peers of a process that dies hear a reset, after what it had sent', async () => {
  const site = new VirtualSite()
  const { far, dialler, acceptor } = await site.connected()
  acceptor.write('goodbye')
  far.process.crash('process')
  await site.advance(10)
  assert.deepEqual(dialler.heard, ['3 goodbye', '3 closed: m2 reset the connection.'])
  assert.deepEqual(acceptor.heard, [])
})

test('a machine that dies is silent: a peer that says nothing hears nothing, one that writes gives up', async () => {
  const site = new VirtualSite()
  const { far, dialler } = await site.connected()
  far.process.crash('machine')
  await site.advance(60_000)
  assert.deepEqual(dialler.heard, [])
  dialler.write('anybody?')
  await site.advance(20_000)
  assert.deepEqual(dialler.heard, ['75002 closed: m2 does not answer any more.'])
})

test('a machine that is up again refuses what its former life was sent', async () => {
  const site = new VirtualSite()
  const { far, dialler } = await site.connected()
  far.process.crash('machine')
  dialler.write('anybody?')
  await site.advance(1_000)
  site.life('m2')
  await site.advance(1_000)
  assert.deepEqual(dialler.heard, ['1403 closed: m2 reset the connection.'])
})

test('what was under way to a machine that dies counts as unanswered', async () => {
  const site = new VirtualSite()
  const { far, dialler } = await site.connected()
  dialler.write('under way')
  far.process.crash('machine')
  await site.advance(20_000)
  assert.deepEqual(dialler.heard, ['15002 closed: m2 does not answer any more.'])
})

test('whatever is written, cut, lost and paused, a reader sees a prefix of what was written', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('write' as const), bytes: fc.integer({ min: 0, max: 200_000 }) }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 3_000 }) }),
    fc.record({ kind: fc.constantFrom('cut', 'cut back', 'heal', 'pause', 'resume', 'freeze', 'thaw') }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.integer(), async (steps, seed) => {
      const site = new VirtualSite({ ...usualNetwork, delay: { kind: 'constant', ms: 1 } }, seed)
      const { far, dialler, acceptor } = await site.connected()
      site.inForce({ kind: 'loss', rate: 0.1, atMs: 0 })
      site.inForce({ kind: 'reorder', rate: 0.5, laterMsMax: 50, atMs: 0 })
      let heal = (): void => {}
      let counter = 0
      const written: Uint8Array[] = []
      for (const next of steps) {
        if (next.kind === 'write' && 'bytes' in next) {
          const bytes = Uint8Array.from({ length: next.bytes }, () => counter++)
          if (!dialler.connection.write([bytes]) && dialler.connection.bufferedBytes === 0) break
          written.push(bytes)
        } else if (next.kind === 'wait' && 'ms' in next) await site.advance(next.ms)
        else if (next.kind === 'cut') {
          heal()
          heal = site.partition('both-ways', 'm1', 'm2')
        } else if (next.kind === 'cut back') {
          heal()
          heal = site.partition('one-way', 'm2', 'm1')
        } else if (next.kind === 'heal') heal()
        else if (next.kind === 'pause') acceptor.connection.pause()
        else if (next.kind === 'resume') acceptor.connection.resume()
        else if (next.kind === 'freeze') far.process.pause()
        else if (next.kind === 'thaw') far.process.resume()
      }
      heal()
      acceptor.connection.resume()
      far.process.resume()
      await site.advance(60_000)
      const [all, got] = [Buffer.concat(written), Buffer.concat(acceptor.chunks)]
      assert.equal(Buffer.compare(got, all.subarray(0, got.length)), 0)
      const isBroken = dialler.told.some((line) => line.startsWith('closed'))
      if (!isBroken) assert.equal(got.length, all.length)
      assert.equal(site.network.stalled.size, 0)
    }),
    { numRuns: 60 },
  )
})
