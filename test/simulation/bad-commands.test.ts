/** `cardumen simulate` with what it cannot use: each time an exit code, the error's code, and a sentence that helps. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { after, before, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { root } from '../../scripts/tools.ts'

const timeoutMs = 60_000
const folder = mkdtempSync(join(tmpdir(), 'cardumen-bad-commands-'))
const face = pathToFileURL(join(root, 'src', 'simulate.ts')).href

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function simulate(line: string): Promise<Ended> {
  const args = [join(root, 'src', 'cli', 'main.ts'), 'simulate', ...line.split(' ')]
  const env = { ...process.env, CARDUMEN_HOME: join(folder, 'home'), CARDUMEN_DEBUG: '', NO_COLOR: '1' }
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd: folder, timeout: timeoutMs, env }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code
      if (typeof code === 'number') resolve({ code, stdout, stderr })
      else reject(error ?? new Error('it has no exit code'))
    })
  })
}

function write(name: string, content: string): void {
  writeFileSync(join(folder, name), content)
}

/** Scenarios of users, and fault scripts. */
const files: Readonly<Record<string, string>> = {
  'none.ts': 'export const answer = 42',
  'odd.ts': 'export const scenario = { members: 3, faultKinds: [], run: 1 }',
  'throws.ts': 'throw new RangeError("planted")',
  'torn.ts': 'export const = 1',
  'waits-at-import.ts': 'await new Promise(() => undefined)\nexport const scenario = 1',
  'waits.ts': `import { defineScenario } from '${face}'\nexport const scenario = defineScenario({ members: 2 }, () => new Promise(() => undefined))`,
  'no-json.json': '[{"kind": ',
  'no-list.json': '{"kind": "loss"}',
  'no-fault.json': '[{"kind": "rain", "atMs": 0}]',
  'no-member.json': '[{"kind": "pause", "member": "m9", "atMs": 0}]',
}

/** Made from a sound trace. */
const damages: Readonly<Record<string, (sound: string) => string>> = {
  'cut.jsonl': (sound) => sound.slice(0, sound.length / 2),
  'newer.jsonl': (sound) => sound.replace('"v":1', '"v":99'),
  'empty.jsonl': () => '',
  'binary.jsonl': () => '\u0000\u0001\ufffd{',
  'headless.jsonl': (sound) => sound.slice(sound.indexOf('\n') + 1),
  'unknown.jsonl': (sound) => sound.replace('"scenario":"call-machine"', '"scenario":"gone"'),
  'crowded.jsonl': (sound) => sound.replace(/"members":\d+/, '"members":900'),
  'endless.jsonl': (sound) => sound.replace(/"durationMs":\d+/, '"durationMs":1e300'),
  'seedless.jsonl': (sound) => sound.replace(/"seed":\d+/, '"seed":-1'),
  'changed.jsonl': (sound) => sound.replace(/"digest":"[^"]+"/, '"digest":"0000000000000000"'),
}

/** The command's line, its exit code, and what it says. */
const refused: readonly (readonly [line: string, code: number, says: RegExp])[] = [
  ['nope', 1, /\[scenario-unknown\]: There is no scenario "nope"\.\nnext: There are .*calls/],
  ['none.ts', 1, /\[scenario-unknown\]: .*none\.ts exports no scenario\.\nnext: .*defineScenario/],
  ['odd.ts', 1, /\[scenario-unknown\]: .*odd\.ts exports no scenario/],
  ['absent.ts', 1, /\[module-failed\]: There is no file .*absent\.ts/],
  ['throws.ts', 1, /\[module-failed\]: .*throws\.ts cannot be loaded: planted/],
  ['torn.ts', 1, /\[module-failed\]: .*torn\.ts cannot be loaded: /],
  ['waits-at-import.ts', 1, /\[module-failed\]: .*cannot be loaded: it waits for something that never comes/],
  ['calls --seed -1', 2, /'-1' is invalid\. It is a whole number from 0 to 4294967295/],
  ['calls --seed 4294967296', 2, /is a whole number from 0 to 4294967295/],
  ['calls --seed 4294967295 --seeds 2', 2, /\[option-invalid\]: A seed is a whole number from 0 to 4294967295/],
  ['calls --seeds 0', 2, /is a whole number from 1 /],
  ['calls --members 0', 2, /is a whole number from 1 /],
  ['calls --members 900', 2, /\[option-invalid\]: "calls" runs with 1 to 64 members, not 900/],
  ['calls --duration 0ms', 2, /not 0 ms/],
  ['calls --faults absent.json', 2, /\[option-invalid\]: The fault script absent\.json cannot be read: ENOENT/],
  ['calls --faults no-json.json', 2, /no-json\.json cannot be read: .*JSON/],
  ['calls --faults no-list.json', 2, /no-list\.json cannot be read: it is no list/],
  ['calls --faults no-fault.json', 2, /Fault 0 of the script: there is no kind "rain"/],
  ['calls --faults no-member.json', 2, /Fault 0 of the script: "pause" has member "m9", no member/],
  ['calls --step', 2, /--step needs --replay FILE/],
  ['calls --export html', 2, /--export needs --replay FILE/],
  ['calls --output run.html', 2, /--output needs --export KIND/],
  ['calls --replay sound.jsonl', 2, /leave the scenario out/],
  ['--replay sound.jsonl --step --export html', 2, /give one of them/],
  [
    '--replay sound.jsonl --export html --output absent/run.html',
    1,
    /\[state-unwritable\]: absent\/run\.html cannot be wr/,
  ],
  ['--replay absent.jsonl', 2, /\[option-invalid\]: The trace cannot be read: ENOENT/],
  ['--replay cut.jsonl', 1, /\[trace-invalid\]: Line \d+ of the trace .*the file ends in the middle of it/],
  ['--replay newer.jsonl', 1, /\[trace-newer\]: .* version 99 .*knows 1\.\nnext: Read it with the version/],
  ['--replay empty.jsonl', 1, /\[trace-invalid\]: The trace is empty/],
  ['--replay binary.jsonl', 1, /\[trace-invalid\]: Line 1 of the trace is no JSON/],
  ['--replay headless.jsonl', 1, /\[trace-invalid\]: This trace does not say what ran/],
  ['--replay unknown.jsonl', 1, /\[scenario-unknown\]: There is no scenario "gone"\.\nnext: .*--step and --export/],
  ['--replay crowded.jsonl', 2, /"call-machine" runs with 2 to 8 members, not 900/],
  ['--replay endless.jsonl', 2, /not 1e\+300 ms/],
  ['--replay seedless.jsonl', 2, /A seed is a whole number from 0 to 4294967295, not -1/],
]

describe('cardumen simulate', () => {
  before(async () => {
    for (const [name, content] of Object.entries(files)) write(name, content)
    const saved = await simulate('call-machine --seed 3 --duration 300ms --save sound.jsonl')
    assert.equal(saved.code, 0, saved.stderr)
    const sound = readFileSync(join(folder, 'sound.jsonl'), 'utf8')
    for (const [name, damage] of Object.entries(damages)) write(name, damage(sound))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  for (const [line, expected, says] of refused) {
    it(`ends "${line}" with ${expected} and says why`, async () => {
      const { code, stdout, stderr } = await simulate(line)
      assert.match(stderr, says)
      assert.equal(code, expected)
      assert.equal(stdout, '')
    })
  }

  it('runs the sound trace again, and says so of one that is not the run', async () => {
    const sound = await simulate('--replay sound.jsonl')
    assert.match(sound.stdout, /the same run as the saved one/)
    assert.equal(sound.code, 0)
    const changed = await simulate('--replay changed.jsonl')
    assert.match(changed.stdout, /not the saved run: digest [0-9a-f]{16}, saved 0{16}; the program has changed/)
    assert.equal(changed.code, 1)
  })

  it('says of a scenario that waits for ever who waits for what, and how to run it again', async () => {
    const { code, stdout } = await simulate('waits.ts --seed 7 --faults none --no-shrink')
    assert.match(stdout, /^seed 7 of "simulation" breaks "stuck"\n/)
    assert.match(stdout, /the simulation waits for a promise of its own\n {2}m1: ready\n {2}m2: ready\n/)
    assert.match(stdout, /\nrun it again: {5}npm run cardumen -- simulate waits\.ts --seed 7 --faults none\n/)
    assert.equal(code, 1)
  })
})
