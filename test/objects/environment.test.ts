/** What a program begins with: the capabilities that it was given, and no others. Whole processes. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { inspect } from 'node:util'
import { Capability, join, rights, type System } from '../../src/cardumen.ts'
import { capabilitiesText, capabilitySet, capabilitiesVariable } from '../../src/servers/environment.ts'

const telling = new URL('./fixtures/telling-program.ts', import.meta.url)

interface Told {
  readonly capabilities: readonly { readonly name: string; readonly text: string; readonly rights: number }[]
  readonly listed: string
  readonly entered: string
}

describe('a program that the system starts', { timeout: 120_000 }, () => {
  let home: string
  let system: System
  let root: Capability

  before(async () => {
    home = await mkdtemp(joinPath(tmpdir(), 'cardumen-environment-'))
    system = await join({ home, name: 'starter' })
    await system.offerRun({ threads: 1 })
    await system.offerDirectory()
    root = system.environment['root'] ?? assert.fail('no root')
    await system.directory.enter('/first', root)
  })
  after(async () => {
    await system.close()
    await rm(home, { recursive: true, force: true })
  })

  it('begins with what its starter has, where nothing is said', async () => {
    const { capabilities, listed, entered } = await toldBy({})
    assert.deepEqual(capabilities, [{ name: 'root', text: Capability.toText(root), rights: root.rights }])
    assert.match(listed, /^first/)
    assert.equal(entered, 'entered')
  })

  it('may do no more than the root that it was given allows', async () => {
    const readOnly = root.restrict({ rights: ['read', 'other'] })
    const { capabilities, listed, entered } = await toldBy({ capabilities: { root: readOnly } })
    assert.deepEqual(
      capabilities.map(({ name, rights: bits }) => [name, bits]),
      [['root', rights.read | rights.other]],
    )
    assert.match(listed, /first/)
    assert.equal(entered, 'right-missing')
  })

  it('has no directory where it was given nothing', async () => {
    const { capabilities, listed, entered } = await toldBy({ capabilities: {} })
    assert.deepEqual([capabilities, listed, entered], [[], 'root-absent', 'root-absent'])
  })

  it('has no directory where it was given something else', async () => {
    const { capabilities, listed } = await toldBy({ capabilities: { 'mail-box': root } })
    assert.deepEqual([capabilities.map(({ name }) => name), listed], [['mail-box'], 'root-absent'])
  })

  it('cannot be given more by a variable among its others', async () => {
    const env = { [capabilitiesVariable]: capabilitiesText(capabilitySet({ root })) }
    assert.deepEqual((await toldBy({ capabilities: {}, env })).capabilities, [])
  })

  it('is not started with a name that none can have', async () => {
    await assert.rejects(system.run(telling, { capabilities: { 'a b': root } }), {
      code: 'name-invalid',
      executed: 'no',
    })
  })

  it('passes on what it has, and nothing else, to what it starts', async () => {
    await using other = await join({ home, name: 'given-little', capabilities: { only: root.restrict({ rights: 0 }) } })
    const program = await other.run(telling, { args: [home] })
    const told = JSON.parse(await program.stdout.text()) as Told
    assert.deepEqual(
      told.capabilities.map(({ name, rights: bits }) => [name, bits]),
      [['only', 0]],
    )
  })

  it('is not shown with its capabilities to anybody who asks about it', async () => {
    const secret = secretOf(root)
    const tail = Capability.toBytes(root).subarray(-32)
    const events: unknown[] = []
    const stop = system.member.traces.follow((event) => void events.push(event))
    const program = await system.run(telling, { args: [home], capabilities: { root } })
    const shown = [
      inspect(await program.info(), { depth: 9 }),
      inspect(system.environment),
      JSON.stringify(system.environment),
    ]
    await program.stdout.text()
    stop()
    const failure = await system
      .run(telling, { capabilities: { root }, on: 'nobody' })
      .catch((error: unknown) => inspect(error))
    const status = inspect(system.member.status(), { depth: 9 })
    assert.ok(events.length > 0)
    assert.ok(!events.some((event) => holds(event, tail)))
    for (const text of [...shown, ...events.map((event) => inspect(event, { depth: 9 })), String(failure), status])
      assert.ok(!text.includes(secret), text.slice(0, 300))
  })

  async function toldBy(options: Parameters<System['run']>[1]): Promise<Told> {
    const program = await system.run(telling, { args: [home], ...options })
    const [out, error] = await Promise.all([program.stdout.text(), program.stderr.text()])
    assert.equal(error, '')
    return JSON.parse(out) as Told
  }
})

describe('a process that nobody of the system started', { timeout: 60_000 }, () => {
  let home: string

  before(async () => {
    home = await mkdtemp(joinPath(tmpdir(), 'cardumen-environment-'))
  })
  after(() => rm(home, { recursive: true, force: true }))

  it('has the root of its system, the same as every other', async () => {
    const [one, other] = await Promise.all([run({}), run({})])
    assert.deepEqual(
      one.capabilities.map(({ name }) => name),
      ['root'],
    )
    assert.deepEqual(one.capabilities, other.capabilities)
  })

  it('has what stands in its environment instead, be that nothing', async () => {
    assert.deepEqual((await run({ [capabilitiesVariable]: '' })).capabilities, [])
  })

  it('does not join with a variable that cannot be read, and does not repeat it', async () => {
    await using system = await join({ home })
    const whole = capabilitiesText(system.environment)
    const { code, error } = await ended({ [capabilitiesVariable]: whole.slice(0, -2) })
    assert.equal(code, 1)
    assert.match(error, /capability-invalid/)
    assert.ok(!error.includes(whole.slice(10, 40)))
  })

  async function run(env: Readonly<Record<string, string>>): Promise<Told> {
    return JSON.parse((await ended(env)).out) as Told
  }

  async function ended(env: Readonly<Record<string, string>>): Promise<{ code: number; out: string; error: string }> {
    const { [capabilitiesVariable]: _, ...inherited } = process.env
    const child = spawn(process.execPath, [telling.pathname, home], { env: { ...inherited, ...env } })
    const texts = { out: '', error: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => (texts.out += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (texts.error += text))
    const [code] = (await once(child, 'close')) as [number]
    return { code, ...texts }
  }
})

/** Whether these bytes stand somewhere in the value, be it in the middle of others. */
function holds(value: unknown, bytes: Uint8Array): boolean {
  if (value instanceof Uint8Array) return Buffer.from(value).includes(Buffer.from(bytes))
  return typeof value === 'object' && value !== null && Object.values(value).some((each) => holds(each, bytes))
}

/** A part of the capability's tail as it would stand in a text. */
function secretOf(capability: Capability): string {
  return Capability.toText(capability).slice(-40, -8)
}
