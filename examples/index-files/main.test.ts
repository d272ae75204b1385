/** The example as a whole, as its user runs it: in a process of its own, with members that are killed. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('./main.ts', import.meta.url))
const root = mkdtempSync(join(tmpdir(), 'cardumen-main-job-'))
after(() => rmSync(root, { recursive: true, force: true }))
const small = folderOf('small', 12, 2_000)
const large = folderOf('large', 250, 9_000)

/** Files of words that no two of them have alike, and some that are no text. */
function folderOf(name: string, files: number, words: number): string {
  const folder = join(root, name)
  mkdirSync(join(folder, 'below'), { recursive: true })
  for (let file = 0; file < files; file++) {
    const text = Array.from({ length: words }, (_, word) => `w${(word * (file + 7)) % 4_999}`).join(' ')
    writeFileSync(join(folder, file % 2 === 0 ? '' : 'below', `${file}.txt`), `shoal ${text}\n`)
  }
  writeFileSync(join(folder, 'binary.bin'), new Uint8Array(64))
  return folder
}

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** State folders that it did not remove. */
  readonly left: readonly string[]
}

/** Runs the example in a folder for temporary files of its own. A member that outlives it is a fault. */
async function run(
  list: readonly string[],
  onOutput: (child: ChildProcess, stdout: string) => void = () => {},
): Promise<Ended> {
  const temporary = mkdtempSync(join(root, 't'))
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined, TMPDIR: temporary, FORCE_COLOR: undefined }
  const child = spawn(process.execPath, [script, ...list], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk
    onOutput(child, stdout)
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  for (const pid of pidsIn(stdout)) assert.ok(await ends(pid), `process ${pid} was left behind`)
  // The folder for the sockets of all systems of a user stays; it is theirs, not this example's.
  const left = readdirSync(temporary).filter((name) => name.startsWith('cardumen-example'))
  return { code, stdout, stderr, left }
}

function pidsIn(stdout: string): readonly number[] {
  const line = /members are up.*\n/.exec(stdout)?.[0] ?? ''
  return [...line.matchAll(/pid (\d+)/g)].map((match) => Number(match[1]))
}

/** A process that has ended a moment ago still has its number for another one. */
async function ends(pid: number): Promise<boolean> {
  const deadlineMs = performance.now() + 15_000
  while (isRunning(pid) && performance.now() < deadlineMs) await setImmediate()
  return !isRunning(pid)
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('the main job', () => {
  it('loses a member half-way, runs its calls again, and has the index of a single process', async () => {
    const { code, stdout, stderr, left } = await run([large, '--query', 'shoal', '--query', 'whale'])
    assert.equal(code, 0, stdout + stderr)
    assert.deepEqual(left, [])
    assert.equal(pidsIn(stdout).length, 4)
    assert.match(stdout, /250 text files .* 2,250,250 words, 5,000 different ones/)
    assert.match(stdout, /1 binary/)
    assert.match(stderr, /killed m\d \(pid \d+\) with SIGKILL/)
    assert.match(
      stdout,
      /died: m\d \(pid \d+\), killed by this program\n {2}[1-9]\d* calls? interrupted, [1-9]\d* run again/,
    )
    assert.match(stdout, /the same index as in a single process/)
    assert.match(stdout, /"shoal" is in 250 files, most often in\n +1 /)
    assert.match(stdout, /"whale" is in no file/)
    assert.match(stdout, /speed-up: \d+\.\d\d on /)
  })

  it('is right when somebody kills all but one of its members while it works', async () => {
    let killed: readonly number[] = []
    const { code, stdout, stderr } = await run([large, '--quick'], (_, text) => {
      const pids = pidsIn(text)
      if (pids.length < 4 || killed.length > 0) return
      killed = pids.slice(0, 3)
      for (const pid of killed) process.kill(pid, 'SIGKILL')
    })
    assert.equal(code, 0, stdout + stderr)
    assert.match(stdout, /died: (m\d \(pid \d+\), killed by somebody(; |\n)){3}/)
    assert.match(stdout, /the same index as in a single process/)
  })

  it('says so and fails with 3 when all of its members are killed', async () => {
    const { code, stderr, left } = await run([large, '--quick'], (_, text) => {
      for (const pid of pidsIn(text)) if (isRunning(pid)) process.kill(pid, 'SIGKILL')
    })
    assert.equal(code, 3, stderr)
    assert.match(stderr, /All members were killed/)
    assert.deepEqual(left, [])
  })

  it('an interrupted one ends with 130 and leaves nothing behind', async () => {
    const { code, stderr, left } = await run([large, '--quick'], (child, text) => {
      if (pidsIn(text).length > 0) child.kill('SIGINT')
    })
    assert.equal(code, 130, stderr)
    assert.deepEqual(left, [])
  })

  it('leaves no member behind when it is itself killed with SIGKILL', async () => {
    const { code } = await run([large, '--quick'], (child, text) => {
      if (pidsIn(text).length > 0) child.kill('SIGKILL')
    })
    assert.equal(code, null)
  })

  it('a folder with little in it is indexed too', async () => {
    const { code, stdout, stderr } = await run([small, '--quick'])
    assert.equal(code, 0, stdout + stderr)
    assert.match(stdout, /12 text files .* 24,012 words/)
    assert.match(stdout, /the same index as in a single process/)
  })

  it('an empty folder has no index', async () => {
    const empty = join(root, 'empty')
    mkdirSync(empty)
    const { code, stdout } = await run([empty])
    assert.equal(code, 0)
    assert.match(stdout, /no file to index/)
  })

  it('an unreadable folder below is counted and no more', {
    skip: process.getuid?.() === 0 && 'everything is readable for root',
  }, async () => {
    const closed = join(small, 'closed')
    mkdirSync(closed)
    chmodSync(closed, 0)
    const { code, stdout } = await run([small, '--quick'])
    chmodSync(closed, 0o700)
    assert.equal(code, 0)
    assert.match(stdout, /1 unreadable/)
  })

  const wrong: readonly (readonly [list: readonly string[], says: RegExp])[] = [
    [[join(root, 'nowhere')], /there is no folder .*nowhere/],
    [[script], /there is no folder/],
    [[small, large], /one folder at a time/],
    [['--members', '1'], /2 to 64/],
    [['--sideways'], /sideways/],
  ]
  for (const [list, says] of wrong) {
    it(`is refused with 2: ${list.join(' ').replaceAll(root, '')}`, async () => {
      const { code, stdout, stderr } = await run(list)
      assert.equal(code, 2)
      assert.match(stderr, says)
      assert.equal(stdout, '')
    })
  }

  it('--help shows what may be typed', async () => {
    const { code, stdout } = await run(['--help'])
    assert.equal(code, 0)
    assert.match(stdout, /usage: npm start -- \[folder\] \[options\]/)
  })
})
