/** `cap`, `info`, `touch`, `params` and `audit`: what can be done with a capability on a command line. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Capability } from '../../src/cardumen.ts'
import { masksText, parseMasks, parseRights, plusJoined, withMasks } from '../../src/cli/rights-text.ts'
import { lit } from './fixtures/lit.ts'
import { Sandbox } from './fixtures/sandbox.ts'

interface Facts {
  readonly rights: string
  readonly operations?: readonly string[]
  readonly expiresAt?: string
  readonly branch: string
}

describe('rights and masks as text', () => {
  const bits = fc.integer({ min: 0, max: 0xffff_ffff })

  it('are read back as they are written', () => {
    fc.assert(
      fc.property(fc.array(bits, { maxLength: 4 }), (masks) => {
        assert.deepEqual(withMasks([], masks.length === 0 ? {} : parseMasks(masksText(masks))), masks)
      }),
    )
    fc.assert(fc.property(bits, (each) => assert.equal(parseRights(plusJoined(each)), each)))
  })

  it('are refused with a code where they are none', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          assert(Object.values(parseMasks(text)).every((mask) => mask >= 0 && mask <= 0xffff_ffff))
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'option-invalid', text)
        }
      }),
    )
  })

  it('leave the columns that are not named as they were', () => {
    assert.deepEqual(withMasks([1, 2, 4, 8], parseMasks('group=,fourth=read')), [1, 0, 4, 2])
    assert.deepEqual(withMasks([1], parseMasks('other=all')), [1, 0, 0xffff_ffff])
  })
})

describe('cap show', { timeout: 60_000 }, () => {
  it('tells what a capability names and grants, and prints its text only when asked', async () => {
    await using world = await lit()
    const { sandbox, lamp } = world
    const shown = await sandbox.run(['cap', 'show', 'env:LAMP'], { env: { LAMP: lamp } })
    assert.equal(shown.code, 0, shown.stderr)
    assert.match(
      shown.stdout,
      /^port +[0-9a-f]{32}\nobject +7, generation 0\nrights +all\noperations +all\nexpires +never\n/,
    )
    assert.match(shown.stdout, new RegExp(`^branch +${Capability.parse(lamp).branch}$`, 'm'))
    assert(!shown.stdout.includes('cap:'))
    const text = await sandbox.run(['cap', 'show', '--text', '-'], { input: lamp })
    assert.equal(text.stdout, `${lamp}\n`)
    const named = await sandbox.json<readonly Facts[]>(['cap', 'show', 'lamp'])
    assert.equal(named.length, 1)
  })

  it('needs no system for a capability that is in hand', async () => {
    await using world = await lit()
    await using elsewhere = new Sandbox()
    const shown = await elsewhere.run(['cap', 'show', '-'], { input: world.lamp })
    assert.deepEqual([shown.code, shown.stderr], [0, ''])
    assert.equal((await elsewhere.run(['cap', 'show', 'lamp'])).code, 3)
  })
})

describe('cap restrict', { timeout: 60_000 }, () => {
  it('prints a capability that the server accepts for what is left, and for nothing more', async () => {
    await using world = await lit()
    const { sandbox, lamp } = world
    const args = ['cap', 'restrict', '-', '--rights', 'read', '--operations', 'colour', '--expires', '2h']
    const narrow = (await sandbox.run(args, { input: lamp })).stdout
    assert.match(narrow, /^cap:\S+\n$/)
    const [facts] = JSON.parse((await sandbox.run(['cap', 'show', '--json', '-'], { input: narrow })).stdout) as [Facts]
    assert.deepEqual([facts.rights, facts.operations], ['read', ['colour']])
    assert(Math.abs(Date.parse(facts.expiresAt ?? '') - Date.now() - 7_200_000) < 60_000)
    const env = { NARROW: narrow }
    assert.equal((await sandbox.run(['call', 'env:NARROW', 'colour'], { env })).stdout, '"green"\n')
    const refused = await sandbox.run(['info', 'env:NARROW'], { env })
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /^error \[right-missing\].*\nnext: /)
  })

  const wrong: readonly (readonly [args: readonly string[], text: RegExp])[] = [
    [[], /Nothing to restrict/],
    [['--rights', 'reed'], /"reed" is no right/],
    [['--expires', 'yesterday'], /a time from now/],
    [['--expires', '2001-01-01'], /a time from now/],
    [['--operations', ''], /list of at least one name/],
  ]

  it('ends with 2 where there is nothing to restrict, or what is given is no restriction', async () => {
    await using sandbox = new Sandbox()
    const text = Capability.toText(someCapability())
    for (const [args, message] of wrong) {
      const { code, stdout, stderr } = await sandbox.run(['cap', 'restrict', '-', ...args], { input: text })
      assert.deepEqual([code, stdout], [2, ''], args.join(' '))
      assert.match(stderr, message)
    }
  })
})

describe('cap revoke', { timeout: 60_000 }, () => {
  it('takes back a capability that was narrowed from the one presented, and all made of it', async () => {
    await using world = await lit()
    const { sandbox, lamp } = world
    const narrowed = Capability.parse(lamp).restrict({ rights: 'read' })
    const [child, grandchild] = [narrowed, narrowed.restrict({ operations: ['std.info'] })].map((each) =>
      Capability.toText(each),
    )
    const env = { LAMP: lamp, CHILD: child, GRANDCHILD: grandchild }
    assert.equal((await sandbox.run(['info', 'env:GRANDCHILD'], { env })).stdout, 'lamp in the hall\n')
    const revoked = await sandbox.run(['cap', 'revoke', 'env:LAMP', 'env:CHILD'], { env })
    assert.deepEqual([revoked.code, revoked.stdout], [0, ''], revoked.stderr)
    for (const each of ['env:CHILD', 'env:GRANDCHILD'])
      assert.match((await sandbox.run(['info', each], { env })).stderr, /^error \[capability-revoked\]/)
    assert.equal((await sandbox.run(['info', 'env:LAMP'], { env })).code, 0)
  })

  it('takes back all of an object but for a new capability, which it prints when asked', async () => {
    await using world = await lit()
    const { sandbox, lamp } = world
    const env = { LAMP: lamp }
    assert.match(
      (await sandbox.run(['cap', 'revoke', 'env:LAMP', '--all'], { env })).stderr,
      /^error \[option-invalid\].*give --text/,
    )
    const { code, stdout, stderr } = await sandbox.run(['cap', 'revoke', 'env:LAMP', '--all', '--text'], { env })
    assert.equal(code, 0, stderr)
    assert.match((await sandbox.run(['info', 'env:LAMP'], { env })).stderr, /^error \[capability-revoked\]/)
    assert.equal((await sandbox.run(['info', '-'], { input: stdout })).stdout, 'lamp in the hall\n')
  })

  it('is in the audit, with who did it, and without any secret', async () => {
    await using world = await lit()
    const { sandbox, lamp } = world
    const branch = Capability.parse(lamp).restrict({ rights: 'read' }).branch
    assert.equal((await sandbox.run(['cap', 'revoke', '-', '--branch', branch], { input: lamp })).code, 0)
    const { stdout } = await sandbox.run(['audit', '--json', '--limit', '1'])
    const record = JSON.parse(stdout) as Readonly<Record<string, unknown>>
    assert.deepEqual([record['what'], record['name'], record['branch']], ['branch-revoked', 'lamp', branch])
    const table = (await sandbox.run(['audit'])).stdout
    assert.match(table, /^TIME +USER +MEMBER +WHAT +OBJECT +BRANCH +NAME\n\S+Z +\S+ +\S+ +branch-revoked +/)
    assert(!table.includes('cap:'))
  })
})

describe('info, touch and params', { timeout: 60_000 }, () => {
  it('work on an object of whatever service', async () => {
    await using world = await lit()
    const { sandbox } = world
    assert.equal((await sandbox.run(['info', 'lamp'])).stdout, 'lamp in the hall\n')
    assert.match((await sandbox.run(['info', 'member.m1', '--status'])).stdout, /^member m1.*\n(?:\w+=.*\n)+$/)
    const touched = await sandbox.run(['touch', 'lamp', 'run'])
    assert.deepEqual([touched.code, touched.stdout, touched.stderr], [0, '', ''])
  })

  it('params shows what can be tuned, and sets it as what the server says that it is', async () => {
    await using world = await lit()
    const { sandbox } = world
    const { stdout, stderr } = await sandbox.run(['params', 'lamp', 'level=4.5', 'isOn=no', 'place=a=b'])
    assert.equal(stderr, '')
    assert.match(stdout, /^NAME +TYPE +VALUE +DESCRIPTION\nlevel +number +4\.5 +how bright$/m)
    const found = await sandbox.json<Readonly<Record<string, { readonly value: unknown }>>>(['params', 'lamp'])
    assert.deepEqual([found['level']?.value, found['isOn']?.value, found['place']?.value], [4.5, false, 'a=b'])
  })

  const refused: readonly (readonly [args: readonly string[], code: number, text: RegExp])[] = [
    [['params', 'lamp', 'level=bright'], 2, /is a number, not "bright"/],
    [['params', 'lamp', 'colour=red'], 2, /no parameter "colour"; there is level, place, isOn/],
    [['params', 'lamp', 'level'], 2, /looks like level=3/],
    [['params', 'lamp', 'level=1', 'level=2'], 2, /set twice/],
    [['info', 'nobody'], 1, /^error \[name-unknown\]/],
    [['info', 'Cap:hidden-or-not'], 2, /^error \[name-invalid\]/],
    [['info', 'cap:AAAA'], 2, /^error \[capability-invalid\]/],
    [['info', 'env:NOT_THERE'], 2, /^error \[capability-invalid\]: The variable NOT_THERE/],
    [['info', '-'], 2, /^error \[capability-invalid\]: The standard input/],
    [['cap', 'revoke', 'lamp'], 2, /What shall be revoked/],
    [['cap'], 2, /^Usage: cardumen cap/],
  ]

  it('say what is wrong with what was given, and never repeat what may be a secret', async () => {
    await using world = await lit()
    await Promise.all(
      refused.map(async ([args, code, text]) => {
        const result = await world.sandbox.run(args)
        assert.deepEqual([result.code, result.stdout], [code, ''], `${args.join(' ')}: ${result.stderr}`)
        assert.match(result.stderr, text)
        assert(!/hidden-or-not|AAAA/.test(result.stderr))
      }),
    )
  })

  it('call prints a capability among its results redacted, and its text only when asked', async () => {
    await using world = await lit()
    const { sandbox } = world
    assert.match((await sandbox.run(['call', 'lamp', 'ownCapability'])).stdout, /^"Capability\(.*\)"\n$/)
    assert.match((await sandbox.run(['call', 'lamp', 'ownCapability', '--text'])).stdout, /^"cap:\S+"\n$/)
  })
})

/** One that no server made; enough to be read. */
function someCapability(): Capability {
  const bytes = new Uint8Array(46 + 32)
  bytes[0] = 1
  const capability = Capability.fromBytes(bytes)
  assert(capability !== undefined)
  return capability
}
