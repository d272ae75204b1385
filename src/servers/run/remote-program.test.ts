/** What the starter of a program learns of it while engine and links come and go. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HandClock } from '../../kernel/fixtures/hand-clock.ts'
import type { Capability } from '../../kernel/capabilities/capability.ts'
import type { CallOptions } from '../../kernel/service.ts'
import { CardumenError, type Executed } from '../../lib/cardumen-error.ts'
import type { ErrorCode } from '../../lib/error-codes.ts'
import { memberId } from '../../lib/identifiers.ts'
import { signalSource } from '../../lib/signal.ts'
import { fromUtf8Lenient, toUtf8 } from '../../lib/text.ts'
import { type ProcessClient, type ProgramOptions, RemoteProgram } from './remote-program.ts'

/** What the next calls of an operation come to: errors one after the other, then what is right. */
type Failures = readonly (readonly [code: ErrorCode, executed: Executed])[]
type Operation = 'wait' | 'signal' | 'write' | 'endInput' | 'output'

const engineAway: Failures[number] = ['engine-failed', 'no']
const outOfReach: Failures[number] = ['unreachable', 'unknown']
const died: Failures[number] = ['member-died', 'unknown']

/** A program on a member that is played by the test. */
class Stage {
  readonly clock = new HandClock()
  readonly asked: string[] = []
  readonly signals: string[] = []
  readonly #failures: Map<Operation, [ErrorCode, Executed][]>
  input = ''
  hasLeft = false
  #end: (status: { code: number; signal: undefined }) => void = () => undefined
  readonly #ended = new Promise<{ code: number; signal: undefined }>((resolve) => (this.#end = resolve))

  constructor(failures: Partial<Record<Operation, Failures>>) {
    this.#failures = new Map(
      Object.entries(failures).map(([of, all]) => [of as Operation, all.map(([code, executed]) => [code, executed])]),
    )
  }

  program(options: ProgramOptions = {}): RemoteProgram {
    const process = {
      wait: () => this.#answer('wait', () => this.#ended),
      signal: ({ name }: { name: string }, { timeoutMs }: CallOptions = {}) =>
        this.#answer('signal', () => void this.signals.push(`${name} within ${timeoutMs}`)),
      write: ({ chunk }: { chunk: Uint8Array }) =>
        this.#answer('write', () => void (this.input += fromUtf8Lenient(chunk))),
      endInput: () => this.#answer('endInput', () => void (this.input += '.')),
      output: () => this.#output(),
    } as unknown as ProcessClient
    const of = { capability: {} as Capability, memberId: memberId('m2') }
    return new RemoteProgram(process, of, options, { clock: this.clock, hasLeft: () => this.hasLeft })
  }

  end(code: number): void {
    this.#end({ code, signal: undefined })
  }

  count(operation: Operation): number {
    return this.asked.filter((each) => each === operation).length
  }

  async #answer<Result>(operation: Operation, answer: () => Result): Promise<Awaited<Result>> {
    this.asked.push(operation)
    const failure = this.#failures.get(operation)?.shift()
    if (failure !== undefined) throw new CardumenError(failure[0], 'no', { executed: failure[1] })
    return await answer()
  }

  async *#output(): AsyncGenerator<{ stream: 'stdout'; chunk: Uint8Array }> {
    await this.#answer('output', () => undefined)
    yield { stream: 'stdout', chunk: toUtf8('out') }
  }
}

describe('the end of a program', () => {
  it('is waited for as long as its member is only out of reach', async () => {
    const stage = new Stage({ wait: [engineAway, outOfReach, ['reply-lost', 'yes'], engineAway] })
    const { exit } = stage.program()
    stage.end(3)
    await stage.clock.advance(10_000)
    assert.deepEqual(await exit, { code: 3, signal: undefined })
    assert.equal(stage.count('wait'), 5)
  })

  for (const code of ['member-died', 'address-unknown', 'process-unknown', 'closed', 'lease-lost'] as const)
    it(`is not to be known any more after ${code}`, async () => {
      const stage = new Stage({ wait: [engineAway, [code, 'no']] })
      const failed = assert.rejects(stage.program().exit, { code })
      await stage.clock.advance(10_000)
      await failed
      assert.equal(stage.count('wait'), 2)
    })

  it('is asked for no more by a member that has left', async () => {
    const stage = new Stage({ wait: [engineAway, engineAway] })
    const failed = assert.rejects(stage.program().exit, { code: 'engine-failed' })
    stage.hasLeft = true
    await stage.clock.advance(10_000)
    await failed
    assert.equal(stage.clock.timers, 0)
  })
})

describe('the signal of a program', () => {
  it('kills it as soon as its member can be told, however often that fails', async () => {
    const stage = new Stage({ signal: [outOfReach, engineAway, outOfReach, engineAway, outOfReach] })
    const source = signalSource()
    stage.program({ signal: source.signal })
    source.abort()
    await stage.clock.advance(60_000)
    assert.deepEqual(stage.signals, ['SIGKILL within Infinity'])
  })

  it('is given up once its member is dead', async () => {
    const stage = new Stage({ signal: [outOfReach, died] })
    const source = signalSource()
    stage.program({ signal: source.signal })
    source.abort()
    await stage.clock.advance(60_000)
    assert.equal(stage.count('signal'), 2)
    assert.equal(stage.clock.timers, 0)
  })
})

describe('a signal that is sent to a program', () => {
  it('is sent again where it is one that kills', async () => {
    const stage = new Stage({ signal: [outOfReach, engineAway] })
    const killed = stage.program().kill('SIGTERM')
    await stage.clock.advance(1_000)
    await killed
    assert.equal(stage.signals.length, 1)
  })

  it('is sent once where it is not', async () => {
    const stage = new Stage({ signal: [engineAway] })
    await assert.rejects(stage.program().kill('SIGINT'), { code: 'engine-failed' })
    assert.equal(stage.count('signal'), 1)
  })

  it('is given up when its time is up, and says that it may have arrived', async () => {
    const stage = new Stage({ signal: [outOfReach, ...Array<Failures[number]>(100).fill(engineAway)] })
    const failed = assert.rejects(stage.program().kill('SIGKILL', { timeoutMs: 5_000 }), {
      code: 'engine-failed',
      executed: 'unknown',
    })
    await stage.clock.advance(5_000)
    await failed
    assert.equal(stage.clock.timers, 0)
  })
})

describe('the input of a program', () => {
  it('is sent again where it surely did not arrive, in its order', async () => {
    const stage = new Stage({ write: [engineAway, engineAway], endInput: [outOfReach] })
    async function* pieces(): AsyncGenerator<string> {
      yield 'one '
      yield 'two'
    }
    stage.program({ stdin: pieces() })
    await stage.clock.advance(1_000)
    assert.equal(stage.input, 'one two.')
  })

  it('is never sent twice', async () => {
    const stage = new Stage({ write: [outOfReach] })
    stage.program({ stdin: 'one' })
    await stage.clock.advance(1_000)
    assert.equal(stage.count('write'), 1)
  })
})

describe('the output of a program', () => {
  it('is read as soon as its member can be asked', async () => {
    const stage = new Stage({ output: [engineAway, ['unreachable', 'no']] })
    const program = stage.program()
    await stage.clock.advance(1_000)
    assert.equal(await program.stdout.text(), 'out')
  })

  it('fails its reader where some of it may be lost', async () => {
    const stage = new Stage({ output: [outOfReach] })
    await assert.rejects(stage.program().stdout.text(), { code: 'unreachable' })
  })
})
