/** A member under each kind of flood: honest calls are all answered, it does not grow, and it tells what it refused. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { join as joinPath } from 'node:path'
import type { System } from '../../src/cardumen.ts'
import { memberId } from '../../src/lib/identifiers.ts'
import { MemberService, memberServiceName } from '../../src/servers/member/interface.ts'
import { MemberProcess } from '../calls/fixtures/member-process.ts'
import { Probe } from '../calls/fixtures/probe-service.ts'
import { TestSystem, within } from '../calls/fixtures/test-system.ts'

const honestCalls = 300
/** What a member may grow by under any of these, as docs/limits.md says. */
const grownBytesMax = 160 * 1_048_576

interface Flood {
  readonly attack: string
  readonly what: string
  /** Of which its counters must tell. */
  readonly reason?: 'handshake' | 'frame' | 'forged' | 'throttled'
  readonly serve?: { readonly concurrency: number; readonly mailbox: number }
}

const floods: readonly Flood[] = [
  { attack: 'drip', what: 'a thousand connections that drip a byte a second', reason: 'handshake' },
  { attack: 'garbage', what: 'strangers that send garbage without end', reason: 'frame' },
  { attack: 'calls', what: 'a member that calls without end' },
  { attack: 'large-calls', what: 'a member that makes large calls without end' },
  {
    attack: 'hanging-calls',
    what: 'a member whose calls never end and fill the mailbox',
    serve: { concurrency: 8, mailbox: 8 },
  },
  { attack: 'streams', what: 'a member that opens streams without end' },
  { attack: 'capabilities', what: 'a member that shows wrong capabilities without end', reason: 'throttled' },
]

describe('under a flood', { timeout: 120_000 }, () => {
  let test: TestSystem
  let system: System
  before(async () => {
    test = await TestSystem.begin()
    system = await test.join({ name: 'honest' })
  })
  after(() => test[Symbol.asyncDispose]())

  for (const { attack, what, reason, serve } of floods) {
    it(`of ${what}, honest calls are answered and the server stays small`, async () => {
      await using server = await test.startServer(`under-${attack}`, serve === undefined ? {} : { serve })
      const address = (await server.line('serving')).split(' ')[1] ?? ''
      const probe = system.open(Probe, 'probe')
      const beforeBytes = await probe.residentBytes()
      await using hostile = hostileProcess(attack, test.home, address)
      await hostile.line('flooding')
      // One has linked before the flood, the other must do so now.
      const late = (await test.join({ name: `late-${attack}` })).open(Probe, 'probe')
      for (let made = 0; made < honestCalls; made++) {
        const body = Uint8Array.of(made & 0xff)
        const answer = (made % 2 === 0 ? late : probe).echo(body)
        assert.deepEqual(await within(answer, 'the answer to an honest call'), body)
      }
      const grownBytes = (await probe.residentBytes()) - beforeBytes
      assert.ok(grownBytes < grownBytesMax, `it grew by ${grownBytes} bytes`)
      assert.equal(hostile.hasEnded, false)
      if (reason !== undefined) {
        const member = system.open(MemberService, memberServiceName(memberId(`under-${attack}`)))
        const { refusals } = await member.status()
        assert.ok((refusals.byReason[reason] ?? 0) > 100, JSON.stringify(refusals))
      }
    })
  }
})

function hostileProcess(attack: string, home: string, address: string): MemberProcess {
  const script = joinPath('..', '..', 'floods', 'fixtures', 'hostile.ts')
  return new MemberProcess('hostile', script, [attack, home, address])
}
