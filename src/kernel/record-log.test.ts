/** A log of records over a disk that crashes, tears, fills up and fails. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Disk, DiskFile } from '../edges/disk.ts'
import { CardumenError, isCardumenError } from '../lib/cardumen-error.ts'
import { seededRandom } from '../lib/random.ts'
import { VirtualDisk } from '../sim/disk/virtual-disk.ts'
import { RecordLog } from './record-log.ts'

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const record = (content: string): Uint8Array => new TextEncoder().encode(content)

/** A disk whose operations are carried out when the test says so, or at once. */
class HandDisk {
  readonly platters: VirtualDisk
  #waiting: (() => void)[] = []
  #isAutomatic = true
  #life = 0

  constructor(seed = 1) {
    this.platters = new VirtualDisk(seededRandom(seed))
  }

  edge(): Disk {
    const life = this.#life
    return this.platters.edgeFor((_delayMs, run) => {
      const step = (): void => (life === this.#life ? run() : undefined)
      if (this.#isAutomatic) setImmediate(step)
      else this.#waiting.push(step)
    })
  }

  hold(): void {
    this.#isAutomatic = false
  }

  release(): void {
    this.#isAutomatic = true
    for (const run of this.#waiting.splice(0)) run()
  }

  /** Carries out the operations that wait now, so many of them. */
  step(count: number): void {
    for (const run of this.#waiting.splice(0, count)) run()
  }

  crash(how: 'process' | 'machine' = 'machine'): void {
    this.#life++
    this.#waiting = []
    this.#isAutomatic = true
    this.platters.crash(how)
  }
}

/** One file, on a system that after a failed sync takes for written what is not. */
class ForgetfulDisk {
  isFailing = false
  #seen = new Uint8Array(0)
  #kept = new Uint8Array(0)
  #dirty: (readonly [offset: number, end: number])[] = []

  edge(): Disk {
    const never = (): never => assert.fail('no log does that')
    return { open: (name) => Promise.resolve(this.#file(name)), list: never, rename: never, remove: never }
  }

  crash(): void {
    this.#seen = this.#kept.slice()
    this.#dirty = []
  }

  #file(name: string): DiskFile {
    return {
      name,
      size: () => Promise.resolve(this.#seen.length),
      read: (offset, sizeBytes) => Promise.resolve(this.#seen.slice(offset, offset + sizeBytes)),
      write: async (offset, bytes) => {
        const end = offset + bytes.length
        this.#seen = resized(this.#seen, Math.max(this.#seen.length, end))
        this.#seen.set(bytes, offset)
        this.#dirty.push([offset, end])
      },
      truncate: async (sizeBytes) => {
        this.#seen = resized(this.#seen, sizeBytes)
      },
      sync: () => this.#sync(),
      close: () => Promise.resolve(),
    }
  }

  async #sync(): Promise<void> {
    const dirty = this.#dirty.splice(0)
    if (this.isFailing) throw new CardumenError('disk-failed', 'The sync failed.')
    this.#kept = resized(this.#kept, this.#seen.length)
    for (const [offset, end] of dirty) this.#kept.set(this.#seen.subarray(offset, end), offset)
  }
}

function resized(bytes: Uint8Array, sizeBytes: number): Uint8Array<ArrayBuffer> {
  const other = new Uint8Array(sizeBytes)
  other.set(bytes.subarray(0, sizeBytes))
  return other
}

async function contents(disk: Disk): Promise<readonly string[]> {
  await using log = await RecordLog.open(disk, 'log')
  return log.recovered.map(text)
}

describe('a record log', () => {
  it('gives back what was appended, in its order, to whoever opens it next', async () => {
    const disk = new HandDisk()
    const log = await RecordLog.open(disk.edge(), 'log')
    await Promise.all(['a', '', 'c'.repeat(5_000)].map((each) => log.append(record(each))))
    await log.append(record('d'))
    await log.close()
    disk.crash()
    assert.deepEqual(await contents(disk.edge()), ['a', '', 'c'.repeat(5_000), 'd'])
  })

  it('acknowledges nothing before it is synced', async () => {
    const disk = new HandDisk()
    const log = await RecordLog.open(disk.edge(), 'log')
    disk.hold()
    let isAcknowledged = false
    void log.append(record('a')).then(() => {
      isAcknowledged = true
    })
    await new Promise(setImmediate)
    disk.step(1)
    await new Promise(setImmediate)
    assert.equal(isAcknowledged, false, 'it is written, and not synced')
    disk.release()
    await new Promise(setImmediate)
    assert.equal(isAcknowledged, true)
  })

  it('keeps what was acknowledged and nothing half, wherever a crash of the machine falls, torn or not', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.array(fc.nat(12), { maxLength: 6 }), fc.boolean(), async (seed, steps, tears) => {
        const disk = new HandDisk(seed)
        if (tears) disk.platters.setFault({ kind: 'torn-write', atMs: 0, member: 'm1', rate: 1 }, true)
        const appended: string[] = []
        const acknowledged: string[] = []
        for (const count of steps) {
          const log = await RecordLog.open(disk.edge(), 'log')
          const recovered = log.recovered.map(text)
          assert.deepEqual(recovered, appended.slice(0, recovered.length), 'records are in their order')
          for (const each of acknowledged) assert.ok(recovered.includes(each), `${each} was acknowledged`)
          appended.length = recovered.length
          disk.hold()
          for (let index = 0; index < 4; index++) {
            const content = `${appended.length} `.repeat(1 + ((seed + index) % 9))
            appended.push(content)
            void log.append(record(content)).then(
              () => acknowledged.push(content),
              () => undefined,
            )
          }
          for (let index = 0; index < count; index++) {
            disk.step(1)
            await new Promise(setImmediate)
          }
          disk.crash()
        }
        const last = await contents(disk.edge())
        for (const each of acknowledged) assert.ok(last.includes(each))
      }),
      { numRuns: 100 },
    )
  })

  for (const [place, what] of [
    [22, 'content'],
    [0, 'length'],
    [17, 'checksum'],
  ] as const)
    it(`refuses to open where the ${what} of a record was changed that later ones stand behind`, async () => {
      const disk = new HandDisk()
      const log = await RecordLog.open(disk.edge(), 'log')
      for (const each of ['first', 'second', 'third']) await log.append(record(each))
      await log.close()
      const file = await disk.edge().open('log')
      await file.write(place, Uint8Array.of(0xff))
      await file.sync()
      await file.close()
      await assert.rejects(RecordLog.open(disk.edge(), 'log'), (error) => isCardumenError(error, 'state-damaged'))
    })

  it('opens any bytes at all as a log or as damaged, and never more than it was given', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        const disk = new HandDisk()
        const file = await disk.edge().open('log')
        await file.write(0, bytes)
        await file.sync()
        await file.close()
        try {
          await using log = await RecordLog.open(disk.edge(), 'log')
          assert.ok(log.recovered.length <= bytes.length / 20)
        } catch (error) {
          assert.ok(isCardumenError(error, 'state-damaged'))
        }
      }),
    )
  })

  it('goes on after the disk was full, with nothing of what did not fit', async () => {
    const disk = new HandDisk()
    const log = await RecordLog.open(disk.edge(), 'log')
    await log.append(record('a'))
    const fault = { kind: 'disk-full', atMs: 0, member: 'm1' } as const
    disk.platters.setFault(fault, true)
    await assert.rejects(log.append(record('too much')), (error) => isCardumenError(error, 'disk-full'))
    disk.platters.setFault(fault, false)
    await log.append(record('b'))
    await log.close()
    disk.crash()
    assert.deepEqual(await contents(disk.edge()), ['a', 'b'])
  })

  it('has nothing, after any crash, of what a full disk refused', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const disk = new HandDisk(seed)
      const log = await RecordLog.open(disk.edge(), 'log')
      await log.append(record('a'))
      disk.platters.setFault({ kind: 'disk-full', atMs: 0, member: 'm1' }, true)
      const isFull = (error: unknown): boolean => isCardumenError(error, 'disk-full')
      const appends = ['b', 'c', 'd', 'e'].map((each) => assert.rejects(log.append(record(each)), isFull))
      await Promise.all(appends)
      disk.crash()
      assert.deepEqual(await contents(disk.edge()), ['a'], `seed ${seed}`)
    }
  })

  it('gives nobody a record that a later crash could still take', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const disk = new HandDisk(seed)
      const log = await RecordLog.open(disk.edge(), 'log')
      disk.hold()
      void log.append(record('a'))
      await new Promise(setImmediate)
      disk.step(1)
      disk.crash('process')
      assert.deepEqual(await contents(disk.edge()), ['a'], 'it was written, and the process killed before the sync')
      disk.crash('machine')
      assert.deepEqual(await contents(disk.edge()), ['a'], `seed ${seed}`)
    }
  })

  it('gives nobody a record of a failed sync that only the system believes to be written', async () => {
    const disk = new ForgetfulDisk()
    const log = await RecordLog.open(disk.edge(), 'log')
    await log.append(record('a'))
    disk.isFailing = true
    await assert.rejects(log.append(record('b')), (error) => isCardumenError(error, 'disk-failed'))
    await log.close()
    disk.isFailing = false
    assert.deepEqual(await contents(disk.edge()), ['a', 'b'])
    disk.crash()
    assert.deepEqual(await contents(disk.edge()), ['a', 'b'])
  })

  it('takes no record for damaged because it holds bytes of another log', async () => {
    const other = new HandDisk()
    const otherLog = await RecordLog.open(other.edge(), 'log')
    for (let index = 0; index < 5; index++) await otherLog.append(record(`${index}`))
    await otherLog.close()
    const file = await other.edge().open('log')
    const bytes = await file.read(0, await file.size())
    for (let seed = 0; seed < 20; seed++) {
      const disk = new HandDisk(seed)
      disk.platters.setFault({ kind: 'torn-write', atMs: 0, member: 'm1', rate: 1 }, true)
      const log = await RecordLog.open(disk.edge(), 'log')
      await log.append(record('a'))
      disk.hold()
      void log.append(bytes)
      await new Promise(setImmediate)
      disk.step(1)
      disk.crash()
      assert.equal((await contents(disk.edge()))[0], 'a')
    }
  })

  it('refuses what it has no room for, and nothing else that comes with it', async () => {
    const disk = new HandDisk()
    const log = await RecordLog.open(disk.edge(), 'log')
    const appends = Array.from({ length: 63 }, () => log.append(new Uint8Array(1_048_576)))
    await assert.rejects(log.append(new Uint8Array(1_048_576)), (error) => isCardumenError(error, 'too-large'))
    appends.push(log.append(record('last')))
    await Promise.all(appends)
    await log.close()
    assert.equal((await contents(disk.edge())).length, 64)
  })

  it('is closed for everybody who closes it only once its file is', async () => {
    const disk = new HandDisk()
    const log = await RecordLog.open(disk.edge(), 'log')
    disk.hold()
    const closes = [log.close(), log.close()]
    let isClosed = false
    void closes[1]?.then(() => {
      isClosed = true
    })
    await new Promise(setImmediate)
    assert.equal(isClosed, false)
    disk.release()
    await Promise.all(closes)
  })

  it('takes nothing more after a sync that failed, until it is opened anew', async () => {
    const disk = new HandDisk()
    const log = await RecordLog.open(disk.edge(), 'log')
    await log.append(record('a'))
    const fault = { kind: 'sync-failure', atMs: 0, member: 'm1', rate: 1 } as const
    disk.platters.setFault(fault, true)
    const isUnknown = (error: unknown): boolean => isCardumenError(error, 'disk-failed') && error.executed === 'unknown'
    await assert.rejects(log.append(record('b')), isUnknown)
    disk.platters.setFault(fault, false)
    await assert.rejects(log.append(record('c')), isUnknown)
    await log.close()
    await using again = await RecordLog.open(disk.edge(), 'log')
    assert.deepEqual(again.recovered.map(text), ['a'])
    await again.append(record('d'))
  })

  it('refuses a record that is too large, and an append after it was closed', async () => {
    const log = await RecordLog.open(new HandDisk().edge(), 'log')
    await assert.rejects(log.append(new Uint8Array(1_048_577)), (error) => isCardumenError(error, 'too-large'))
    await log.close()
    await assert.rejects(log.append(record('a')), (error) => isCardumenError(error, 'closed'))
  })
})
