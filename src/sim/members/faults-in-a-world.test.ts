/** Each kind of fault, alone and by script, in a world of whole members: what it does, and that it ends. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isCardumenError } from '../../lib/cardumen-error.ts'
import { fromUtf8, toUtf8 } from '../../lib/text.ts'
import { memberFaultKinds } from '../faults/check-script.ts'
import type { Fault, FaultKind } from '../faults/fault.ts'
import { Echo, members, playEchoing, took, until, window } from './fixtures/echoing-world.ts'
import type { Director, Life, World } from './world.ts'

const tried = new Set<FaultKind>()

async function play(faults: readonly Fault[], director: Director): Promise<void> {
  await playEchoing(faults, director)
  for (const { kind } of faults) tried.add(kind)
}

/** Durations of calls while the fault holds, and afterwards. */
async function duringAndAfter(world: World, act: () => Promise<number | undefined>): Promise<[number, number]> {
  const often = async (): Promise<number> => {
    let longest = 0
    for (let count = 0; count < 30; count++) longest = Math.max(longest, (await act()) ?? Number.POSITIVE_INFINITY)
    return longest
  }
  await until(world, window.atMs + 1)
  const during = await often()
  await until(world, window.untilMs + 3_000)
  return [during, await often()]
}

/** Whose message passes to whom just now, as "from>to". */
async function passing(world: World): Promise<readonly string[]> {
  const pairs = world.names.flatMap((from) => world.names.filter((to) => to !== from).map((to) => [from, to] as const))
  const passed = await Promise.all(
    pairs.map(async ([from, to]) => ((await took(world, from, to, 'hi', 300)) === undefined ? [] : [`${from}>${to}`])),
  )
  return passed.flat()
}

async function append(life: Life, content: string, isSynced = true): Promise<void> {
  const file = await life.disk.open('notes')
  try {
    await file.write(await file.size(), toUtf8(content))
    if (isSynced) await file.sync()
  } finally {
    await file.close()
  }
}

async function content(life: Life): Promise<string | undefined> {
  const file = await life.disk.open('notes')
  const bytes = await file.read(0, await file.size())
  await file.close()
  return fromUtf8(bytes)
}

describe('a fault of links, in a world of whole members', () => {
  it('loss: what is lost comes at least 200 ms later, until the loss is over', async () => {
    await play([{ kind: 'loss', rate: 0.3, ...window }], async (world) => {
      const [during, after] = await duringAndAfter(world, () => took(world, 'm2', 'm1', 'hello', 20_000))
      assert.ok(during > 200, `${during}`)
      assert.ok(after < 10, `${after}`)
    })
  })

  it('delay: every message takes what the distribution says, both ways', async () => {
    await play([{ kind: 'delay', delay: { kind: 'constant', ms: 25 }, ...window }], async (world) => {
      const [during, after] = await duringAndAfter(world, () => took(world, 'm2', 'm1'))
      assert.ok(during >= 50 && during < 60, `${during}`)
      assert.ok(after < 10, `${after}`)
    })
  })

  it('delay of one direction: the other is as fast as ever', async () => {
    const delay = { kind: 'constant', ms: 25 } as const
    await play([{ kind: 'delay', delay, from: 'm2', to: 'm1', ...window }], async (world) => {
      await until(world, window.atMs + 1)
      const [there, elsewhere] = [await took(world, 'm2', 'm1'), await took(world, 'm3', 'm1')]
      assert.ok(there !== undefined && there >= 25 && there < 30, `${there}`)
      assert.ok(elsewhere !== undefined && elsewhere < 10, `${elsewhere}`)
    })
  })

  it('reorder: some messages come later, and none is lost', async () => {
    await play([{ kind: 'reorder', rate: 0.5, laterMsMax: 100, ...window }], async (world) => {
      const [during, after] = await duringAndAfter(world, () => took(world, 'm2', 'm1'))
      assert.ok(during > 20 && during <= 210, `${during}`)
      assert.ok(after < 10, `${after}`)
    })
  })

  it('bandwidth: a large message takes its size divided by it', async () => {
    await play([{ kind: 'bandwidth', bytesPerMs: 100, ...window }], async (world) => {
      await until(world, window.atMs + 1)
      const during = await took(world, 'm2', 'm1', 'x'.repeat(10_000))
      assert.ok(during !== undefined && during >= 200 && during < 300, `${during}`)
      await until(world, window.untilMs + 100)
      const after = await took(world, 'm2', 'm1', 'x'.repeat(10_000))
      assert.ok(after !== undefined && after < 10, `${after}`)
    })
  })

  it('break: a call whose connection breaks again and again fails, and goes through afterwards', async () => {
    await play([{ kind: 'break', rate: 1, ...window }], async (world) => {
      await until(world, window.atMs + 1)
      assert.equal(await took(world, 'm2', 'm1', 'hello', 500), undefined)
      await until(world, window.untilMs + 3_000)
      assert.notEqual(await took(world, 'm2', 'm1'), undefined)
    })
  })
})

describe('a partition of whole members', () => {
  const sides = [
    ['m1', 'm2'],
    ['m3', 'm4'],
  ] as const
  const all = members * (members - 1)
  const table = [
    // A call needs both ways, so one way is enough to stop it.
    { shape: 'one-way', passes: ['m1>m2', 'm2>m1', 'm3>m4', 'm4>m3'] },
    { shape: 'both-ways', passes: ['m1>m2', 'm2>m1', 'm3>m4', 'm4>m3'] },
    { shape: 'bridge', passes: ['m1>m2', 'm1>m3', 'm1>m4', 'm2>m1', 'm3>m1', 'm3>m4', 'm4>m1', 'm4>m3'] },
    { shape: 'ring', passes: ['m1>m2', 'm1>m4', 'm2>m1', 'm2>m3', 'm3>m2', 'm3>m4', 'm4>m1', 'm4>m3'] },
  ] as const

  for (const { shape, passes } of table)
    it(`${shape}: lets ${passes.length} of the ${all} pairs call each other, and all when it has healed`, async () => {
      await play([{ kind: 'partition', shape, sides, ...window }], async (world) => {
        await until(world, window.atMs + 1)
        assert.deepEqual(await passing(world), passes)
        await until(world, window.untilMs + 3_000)
        assert.equal((await passing(world)).length, all)
      })
    })

  it('one-way: what goes from the first side is held, and what comes back to it is not', async () => {
    await play([{ kind: 'partition', shape: 'one-way', sides: [['m1'], ['m2']], ...window }], async (world) => {
      let heard = 0
      await until(world, window.atMs + 1)
      // The request of m2 arrives and runs; the answer of m1 waits for the end of the partition.
      await world.on('m1', (system) =>
        system.serve(Echo, { say: (said) => ((heard = world.nowMs), said) }, { name: 'ear' }),
      )
      const answered = await took(world, 'm2', 'ear', 'hello', 10_000)
      assert.ok(heard < window.untilMs, `heard at ${heard}`)
      assert.ok(answered !== undefined && world.nowMs > window.untilMs, `answered after ${answered}`)
    })
  })
})

describe('a fault of a whole member', () => {
  it('crash of the process: it is down, and its next life finds what was written, synced or not', async () => {
    await play([{ kind: 'crash', member: 'm1', how: 'process', ...window }], async (world) => {
      await world.on('m1', (_system, life) => append(life, 'synced '))
      await world.on('m1', (_system, life) => append(life, 'written', false))
      await until(world, window.untilMs - 1)
      assert.equal(world.isUp('m1'), false)
      assert.equal(await took(world, 'm2', 'm1', 'hello', 100), undefined)
      await world.calm()
      await world.on('m1', async (_system, life) => {
        assert.deepEqual([life.number, await content(life)], [2, 'synced written'])
      })
      assert.notEqual(await took(world, 'm2', 'm1'), undefined)
    })
  })

  it('crash of the machine: what was not synced is lost', async () => {
    await play([{ kind: 'crash', member: 'm1', how: 'machine', ...window }], async (world) => {
      await world.on('m1', (_system, life) => append(life, 'synced '))
      await until(world, window.atMs - 10)
      await world.on('m1', (_system, life) => append(life, 'not synced', false))
      await world.calm()
      assert.equal(await world.on('m1', (_system, life) => content(life)), 'synced ')
    })
  })

  it('pause: it stands still, and does afterwards what came for it', async () => {
    await play([{ kind: 'pause', member: 'm1', ...window }], async (world) => {
      await until(world, window.atMs + 100)
      const asked = took(world, 'm2', 'm1', 'hello', 5_000)
      const answered = await asked
      assert.ok(answered !== undefined && world.nowMs >= window.untilMs && world.nowMs < window.untilMs + 100)
    })
  })

  it('slow: each of its events takes so long, and those of others do not', async () => {
    await play([{ kind: 'slow', member: 'm1', eventMs: 20, ...window }], async (world) => {
      const [during, after] = await duringAndAfter(world, () => took(world, 'm2', 'm1'))
      assert.ok(during >= 20, `${during}`)
      assert.ok(after < 10, `${after}`)
    })
  })
})

describe('a fault of the clocks of a whole member', () => {
  /** How much the clocks of m1 went ahead of those of m2 in a second that lies inside the window; and after it. */
  async function gained(fault: Fault): Promise<{ readonly wallMs: number[]; readonly monotonicMs: number[] }> {
    const wallMs: number[] = []
    const monotonicMs: number[] = []
    await play([fault], async (world) => {
      const [ahead, other] = [world.system('m1').clock, world.system('m2').clock]
      const wallBefore = ahead.wallMs() - other.wallMs()
      const before = ahead.now() - other.now()
      for (const atMs of [1_500, 2_500]) {
        await until(world, atMs)
        wallMs.push(Math.round(ahead.wallMs() - other.wallMs() - wallBefore))
        monotonicMs.push(Math.round(ahead.now() - other.now() - before))
      }
    })
    return { wallMs, monotonicMs }
  }

  it('clock-offset: its wall clock is off while it holds, its monotonic one never', async () => {
    const seen = await gained({ kind: 'clock-offset', member: 'm1', offsetMs: -5_000, ...window })
    assert.deepEqual(seen, { wallMs: [-5_000, 0], monotonicMs: [0, 0] })
  })

  it('clock-drift: both of its clocks gain while it holds, and keep what they gained', async () => {
    const seen = await gained({ kind: 'clock-drift', member: 'm1', rate: 0.1, ...window })
    assert.deepEqual(seen, { wallMs: [50, 100], monotonicMs: [50, 100] })
  })

  it('clock-jump: its wall clock leaps back or forward and stays there', async () => {
    const seen = await gained({ kind: 'clock-jump', member: 'm1', jumpMs: -700, ...window })
    assert.deepEqual(seen, { wallMs: [-700, -700], monotonicMs: [0, 0] })
  })

  it('clock-jump of both clocks: timers come due with it', async () => {
    await play([{ kind: 'clock-jump', member: 'm1', jumpMs: 400, monotonic: true, ...window }], async (world) => {
      await until(world, window.atMs - 100)
      await world.on('m1', (system) => system.sleep(450))
      assert.ok(Math.abs(world.nowMs - window.atMs) < 1, `${world.nowMs}`)
    })
  })
})

describe('a fault of the disk of a whole member', () => {
  const isCode = (code: string) => (error: unknown) => isCardumenError(error) && error.code === code

  it('disk-full: writes that need room fail while it holds', async () => {
    await play([{ kind: 'disk-full', member: 'm1', ...window }], async (world) => {
      await until(world, window.atMs + 1)
      await assert.rejects(
        world.on('m1', (_system, life) => append(life, 'more')),
        isCode('disk-full'),
      )
      await world.on('m2', (_system, life) => append(life, 'more'))
      await until(world, window.untilMs + 1)
      await world.on('m1', (_system, life) => append(life, 'more'))
    })
  })

  it('sync-failure: the sync fails, and what it was to sync is gone', async () => {
    await play([{ kind: 'sync-failure', member: 'm1', rate: 1, ...window }], async (world) => {
      await world.on('m1', (_system, life) => append(life, 'before '))
      await until(world, window.atMs + 1)
      await assert.rejects(
        world.on('m1', (_system, life) => append(life, 'during ')),
        isCode('disk-failed'),
      )
      await until(world, window.untilMs + 1)
      await world.on('m1', (_system, life) => append(life, 'after'))
      assert.equal(await world.on('m1', (_system, life) => content(life)), 'before after')
    })
  })

  it('bit-flip: a read while it holds gives other bytes, and so do all later ones', async () => {
    await play([{ kind: 'bit-flip', member: 'm1', rate: 1, ...window }], async (world) => {
      const read = (): Promise<string | undefined> => world.on('m1', (_system, life) => content(life))
      await world.on('m1', (_system, life) => append(life, 'a'.repeat(100)))
      assert.equal(await read(), 'a'.repeat(100))
      await until(world, window.atMs + 1)
      const flipped = await read()
      assert.notEqual(flipped, 'a'.repeat(100))
      await until(world, window.untilMs + 1)
      assert.equal(await read(), flipped)
    })
  })

  it('torn-write: where the machine crashes, an unsynced write may be there in part', async () => {
    const faults: readonly Fault[] = [
      { kind: 'torn-write', member: 'm1', rate: 1, ...window },
      { kind: 'crash', member: 'm1', how: 'machine', atMs: 1_500, untilMs: 1_600 },
    ]
    await play(faults, async (world) => {
      await world.on('m1', (_system, life) => append(life, 'synced '))
      await until(world, 1_490)
      await world.on('m1', (_system, life) => append(life, 'x'.repeat(1_000), false))
      await world.calm()
      const left = (await world.on('m1', (_system, life) => content(life))) ?? ''
      assert.match(left, /^synced x+$/)
      assert.ok(left.length < 1_007, `${left.length} characters`)
    })
  })
})

describe('a fault of the engine of whole members', () => {
  const put = async (world: World, name: string, timeoutMs = 500): Promise<number | undefined> => {
    const beganMs = world.nowMs
    const { engine } = world.system(name).member
    const done = world.on(name, () => engine.put(`key of ${name}`, toUtf8('value')))
    const result = await Promise.race([
      done.then(
        () => 'done',
        () => 'failed',
      ),
      world.sleep(timeoutMs).then(() => 'late'),
    ])
    return result === 'done' ? world.nowMs - beganMs : undefined
  }

  it('engine-unreachable: one member cannot use it while it holds, the others can', async () => {
    await play([{ kind: 'engine-unreachable', member: 'm1', ...window }], async (world) => {
      await until(world, window.atMs + 1)
      assert.equal(await put(world, 'm1'), undefined)
      assert.notEqual(await put(world, 'm2'), undefined)
      await world.calm()
      assert.notEqual(await put(world, 'm1'), undefined)
    })
  })

  it('engine-slow: each operation takes that much longer', async () => {
    await play([{ kind: 'engine-slow', delay: { kind: 'constant', ms: 80 }, ...window }], async (world) => {
      const [during, after] = await duringAndAfter(world, () => put(world, 'm1'))
      assert.ok(during >= 80 && during < 200, `${during}`)
      assert.ok(after < 20, `${after}`)
    })
  })

  it('engine-crash: nobody can use it until it goes on', async () => {
    await play([{ kind: 'engine-crash', ...window }], async (world) => {
      await until(world, window.atMs + 1)
      assert.deepEqual([await put(world, 'm1', 200), await put(world, 'm2', 200)], [undefined, undefined])
      await world.calm()
      await world.sleep(3_000)
      await world.calm()
      assert.notEqual(await put(world, 'm1'), undefined)
    })
  })

  it('lease-expiry: its holder is no member any more, and is started again', async () => {
    await play([{ kind: 'lease-expiry', member: 'm1', atMs: window.atMs }], async (world) => {
      await until(world, window.atMs + 1)
      await world.until(() => !world.isUp('m1'), { withinMs: 10_000 })
      await world.calm()
      assert.equal(await world.on('m1', (_system, life) => life.number), 2)
      assert.equal(await world.on('m2', (_system, life) => life.number), 1)
    })
  })
})

describe('the kinds of faults', () => {
  it('are all tried above, but for the one that streams cannot have', () => {
    assert.deepEqual([...tried].sort(), [...memberFaultKinds].sort())
  })
})
