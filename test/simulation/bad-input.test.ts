/** What people give to the simulator that it cannot use: refused before anything runs, with what is wrong and what to do. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { defineService, type ErrorCode, isCardumenError } from '../../src/cardumen.ts'
import { text } from '../../src/kernel/schemas.ts'
import { type Director, type Fault, type MemberProgram, simulate, type SimulateOptions } from '../../src/simulate.ts'

const folder = mkdtempSync(join(tmpdir(), 'cardumen-bad-input-'))
const traceFile = join(folder, 'failed.trace.jsonl')
after(() => rmSync(folder, { recursive: true, force: true }))

const nothing: Director = (world) => world.sleep(1)
const forEver = <Value>(): Promise<Value> => new Promise<Value>(() => undefined)

async function rejection(given: object, director: unknown = nothing): Promise<Error & { code?: ErrorCode }> {
  const options = { traceFile, shrink: false, ...given } as SimulateOptions
  const error: unknown = await simulate(options, director as Director).catch((thrown: unknown) => thrown)
  assert.ok(error instanceof Error, 'it is refused')
  return error
}

async function refusal(given: object, says: RegExp, director: unknown = nothing): Promise<void> {
  const error = await rejection(given, director)
  assert.ok(isCardumenError(error, 'option-invalid'), String(error))
  assert.match(error.message, says)
}

async function stuck(given: object, director: Director): Promise<string> {
  const error = await rejection(given, director)
  assert.ok(isCardumenError(error, 'simulation-stuck'), String(error))
  assert.match(error.message, /^seed 1 of "simulation" breaks "stuck"\n/)
  assert.match(error.message, /\nrun it again: {5}CARDUMEN_SEED=1 node test\/simulation\/bad-input\.test\.ts\n/)
  return error.message
}

/** What is given, and what the refusal says of it. */
const options: readonly (readonly [given: object, says: RegExp])[] = [
  [{ members: 0 }, /1 to 64 members, not 0/],
  [{ members: 65 }, /1 to 64 members, not 65/],
  [{ members: 1.5 }, /1 to 64 members, not 1\.5/],
  [{ members: Number.NaN }, /1 to 64 members, not NaN/],
  [{ members: [] }, /1 to 64 members, not 0/],
  [{ members: ['a', 'a'] }, /names that differ/],
  [{ members: ['a', 'b c'] }, /"b c" is no name for a member/],
  [{ members: 'three' }, /a number, or a list of names/],
  [{ seed: -1 }, /0 to 4294967295, not -1/],
  [{ seed: 2 ** 32 }, /0 to 4294967295, not 4294967296/],
  [{ seed: 0.5 }, /0 to 4294967295, not 0\.5/],
  [{ seed: Number.NaN }, /0 to 4294967295, not NaN/],
  [{ seed: 2 ** 32 - 1, seeds: 2 }, /0 to 4294967295, not 4294967296/],
  [{ seeds: 0 }, /0 is no number of seeds/],
  [{ seeds: 1.5 }, /1\.5 is no number of seeds/],
  [{ duration: 0 }, /not 0 ms/],
  [{ duration: Number.POSITIVE_INFINITY }, /not Infinity ms/],
  [{ faults: 'rain' }, /"rain" is no list of faults/],
  [{ faults: 7 }, /7 is no list of faults/],
  [{ faults: [1] }, /Fault 0 of the script: it is no object/],
  [{ faults: [{ kind: 'rain', atMs: 0 }] }, /there is no kind "rain"/],
  [{ faults: [{ kind: 'loss', rate: 2, atMs: 0 }] }, /"loss" has rate 2, no chance/],
  [{ faults: [{ kind: 'pause', member: 'm9', atMs: 0 }] }, /"pause" has member "m9", no member/],
  [{ faults: [{ kind: 'engine-crash', atMs: 9, untilMs: 3 }] }, /it ends at 3 ms, and begins at 9 ms/],
  [{ faultKinds: ['rain'], faults: 'swarm' }, /no kind of fault "rain"/],
  [{ network: { bytesPerMs: 0 } }, /network\.bytesPerMs is 0, not above 0/],
  [{ network: { delay: { kind: 'constant', ms: -1 } } }, /network\.delay is no distribution/],
  [{ name: '../../elsewhere' }, /"\.\.\/\.\.\/elsewhere" is no name for a simulation/],
]

describe('a simulation whose options make no sense', () => {
  for (const [given, says] of options) {
    const shown = JSON.stringify(given, (_, value: unknown) => (typeof value === 'number' ? String(value) : value))
    it(`is refused with what is wrong: ${shown}`, () => refusal(given, says))
  }

  it('is refused where no function acts on the world', () => refusal({}, /a function that acts/, 'none'))

  it('is refused for a fault script without end', () => {
    const endless = function* (): Generator<Fault> {
      for (let atMs = 0; ; atMs++) yield { kind: 'loss', rate: 0.1, atMs }
    }
    return refusal({ faults: endless() }, /at most 10000 faults/)
  })

  it('is refused for a CARDUMEN_SEED that is none', async () => {
    try {
      for (const seed of ['soon', '-1', '4294967296', '99999999999']) {
        process.env['CARDUMEN_SEED'] = seed
        await refusal({}, /seed/)
      }
    } finally {
      delete process.env['CARDUMEN_SEED']
    }
  })
})

describe('a fault script', () => {
  it('from a generator is the same for every seed', async () => {
    const script = function* (): Generator<Fault> {
      yield { kind: 'loss', rate: 0.1, atMs: 1, untilMs: 2 }
      yield { kind: 'pause', member: 'm1', atMs: 3, untilMs: 4 }
    }
    const totals = await simulate({ seeds: 3, faults: script() }, (world) => world.sleep(10))
    assert.deepEqual(totals.faults, { loss: 3, pause: 3 })
  })
})

const Echo = defineService('echo', { say: { input: text(10), output: text(10) } })
/** m2 takes calls and never answers. */
const silentServer: MemberProgram = async (system) => {
  if (system.name === 'm2') await system.serve(Echo, { say: () => forEver<string>() }, { name: 'echo' })
}

describe('a program that waits for ever', () => {
  it('is told that the simulation waits for a promise of its own', async () => {
    const message = await stuck({}, () => forEver())
    assert.match(message, /never ended \(nothing is left that could happen\):\n {2}the simulation waits for a promise/)
  })

  it('is told on which member', async () => {
    const message = await stuck({}, (world) => world.on('m3', () => forEver<void>()))
    assert.match(message, /the simulation waits for an operation on m3\n/)
    assert.match(message, /\n {2}m3: ready, operations of the simulation under way: 1\n/)
  })

  it('is told which call waits for which server', async () => {
    const message = await stuck({ members: 2, program: silentServer }, (world) =>
      world.on('m1', async (system) => {
        await system.open(Echo, 'echo').say('hello', { timeoutMs: Number.POSITIVE_INFINITY })
      }),
    )
    assert.match(message, /\n {2}m1: ready, .*waits for echo\.say of m2#\d+\n/)
  })

  it('is told which condition', async () => {
    const message = await stuck({ members: 1 }, (world) => world.until(() => false, { withinMs: 1e12, what: 'rain' }))
    assert.match(message, /never ended \(its time is over\):\n {2}the simulation waits for rain\n/)
  })

  it('is told that it sleeps', async () => {
    const message = await stuck({ members: 1 }, async (world) => {
      for (;;) await world.sleep(1_000)
    })
    assert.match(message, /the simulation sleeps\n/)
  })

  it('is told which member has not become ready', async () => {
    const program: MemberProgram = ({ name }) => (name === 'm2' ? forEver<void>() : undefined)
    const error = await rejection({ program })
    assert.ok(isCardumenError(error, 'simulation-failed'), String(error))
    assert.match(error.message, /breaks "progress"\n {2}the members did not become ready/)
    assert.match(error.message, /\n {2}m2: its program has not become ready\n/)
  })

  it('is told that it runs in a circle, where time does not go on', async () => {
    const message = await stuck({ members: 1 }, async (world) => {
      for (;;) await world.sleep(0)
    })
    assert.match(message, /The world runs in a circle at [\d.]+ ms\.\n {2}the simulation sleeps\n {2}m1: ready\n/)
  })
})

describe('a simulation in a simulation', () => {
  it('is refused by name', async () => {
    const { message } = await rejection({}, () => simulate({}, nothing))
    assert.match(
      message,
      /breaks "option-invalid"\n {2}CardumenError \(option-invalid\): A simulation cannot run in another/,
    )
  })
})

describe('a trace that cannot be kept', () => {
  for (const file of ['/dev/null/trace.jsonl', '/proc/nobody/trace.jsonl']) {
    it(`at ${file} does not hide what was found`, async () => {
      const director: Director = (world) => world.sleep(1).then(() => world.expect(false, 'luck', 'unlucky'))
      const { message } = await rejection({ traceFile: file }, director)
      assert.match(message, /^seed 1 of "simulation" breaks "luck"\n/)
      assert.match(message, /\nThe trace cannot be written to \/[^\n]+$/)
      assert.doesNotMatch(message, /step through it/)
    })
  }
})

describe('a program that fails', () => {
  it('is told what it threw, in the simulation and on a member', async () => {
    const planted = (): never => {
      throw new RangeError('planted')
    }
    const inDirector = await rejection({}, planted)
    assert.match(inDirector.message, /breaks "program"\n {2}RangeError: planted\n/)
    const onMember = await rejection({ members: 1, program: planted })
    assert.match(onMember.message, /breaks "program"\n {2}the program of m1 threw: RangeError: planted\n/)
  })
})
