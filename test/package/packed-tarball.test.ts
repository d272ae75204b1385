/**
 * The package as a user gets it: packed and installed into an empty project by the lines that the README prints, and
 * used there by its ten lines, without members and with those that the installed command has started; and its simulator
 * in a test runner that is not Node's.
 *
 * Nothing here comes from this checkout but the tarball: the project has a folder, a package.json and a node_modules of its own.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { after, before, describe, it } from 'node:test'
import { makePackage } from '../../scripts/package.ts'
import { runNpm } from '../../scripts/run-npm.ts'
import { root } from '../../scripts/tools.ts'
import { snippetsOf } from '../snippet-extraction.ts'

const timeoutMs = 60_000

const readme = readFileSync(join(root, 'README.md'), 'utf8')
/** "The two blocks above" the lines that install. */
const tenLines = snippetsOf('README.md', readme.slice(0, readme.indexOf('```sh install')))
/** What the program prints, as its last line says. */
const printed = '[ 9592, 8392, 8013, 7863 ]\n'

/** Which process runs a job. */
const where = 'export const where = (): number => process.pid\n'
const askWhere = `import { join } from 'cardumen'

await using system = await join()
console.log(await system.import<typeof import('./where.ts')>(new URL('./where.ts', import.meta.url)).where())
`

/** What a thread and a process of the installed package run. */
const counting = `import type { Lock, SharedArray } from 'cardumen/threads'

export function count(lock: Lock, total: SharedArray<'int32'>): number {
  using _held = lock.hold()
  total.set(0, total.get(0) + 1)
  return total.get(0)
}

export async function countElsewhere(lock: Lock): Promise<number> {
  using _held = await lock.holdAsync()
  return process.pid
}
`
const sharing = `import { Lock, Process, SharedArray, Thread } from 'cardumen/threads'

const work = new URL('./counting.ts', import.meta.url)
const lock = new Lock()
const total = new SharedArray('int32', 1)
const threads = [1, 2].map(() => new Thread<number>(work, 'count', { args: [lock, total] }))
for (const thread of threads) thread.start()
const counted = await Promise.all(threads.map((thread) => thread.joinAsync()))
const elsewhere = new Process<number>(work, 'countElsewhere', { args: [lock] })
elsewhere.start()
const pid = await elsewhere.join()
console.log(counted.toSorted(), pid === elsewhere.pid, pid === process.pid)
`

const vitest = 'vitest@5.1.1'
/** One test that holds, and one that fails by plan. */
const simulations = `import { expect, it } from 'vitest'
import { simulate } from 'cardumen/simulate'

it('holds', async () => {
  const totals = await simulate({ seeds: 5, faults: 'swarm' }, (world) => world.calm())
  expect(totals.seeds).toBe(5)
})
it('refuses the real world', async () => {
  const touching = simulate({ members: 1, program: () => void Date.now() }, async () => undefined)
  await expect(touching).rejects.toThrow(/m1 touched Date\\.now/)
})
it('fails', async () => {
  await simulate({ seeds: 3, faults: 'swarm' }, async (world) => world.expect(world.seed < 2, 'planted', 'as planned'))
})
`

interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

interface Status {
  readonly members: readonly { readonly name: string; readonly pid: number; readonly state: string }[]
}

const tsconfig = {
  compilerOptions: {
    ...{
      target: 'ESNext',
      module: 'NodeNext',
      lib: ['ESNext'],
      types: ['node'],
      typeRoots: [join(root, 'node_modules', '@types')],
    },
    ...{
      strict: true,
      noEmit: true,
      allowImportingTsExtensions: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
    },
  },
  files: ['main.ts', 'sharing.ts'],
}

describe('the packed tarball in an empty project', () => {
  const project = mkdtempSync(join(tmpdir(), 'cardumen-packed-'))

  before(async () => {
    const tarball = await makePackage()
    const [inClone, inProject, run] = installLines()
    assert.match(inClone, /^npm run package$/)
    assert.equal(inProject.replace('<clone>', root), `npm install ${tarball}`)
    assert.equal(run, 'node main.ts')
    const manifest = { name: 'empty-project', version: '1.0.0', private: true, type: 'module' }
    writeFileSync(join(project, 'package.json'), JSON.stringify(manifest))
    await runNpm(project, ['install', '--no-audit', '--no-fund', tarball])
    assert.deepEqual(
      tenLines.map(({ isRun }) => isRun),
      [false, true],
    )
    for (const { code, isRun } of tenLines) writeFileSync(join(project, isRun ? 'main.ts' : 'job.ts'), `${code}\n`)
    writeFileSync(join(project, 'where.ts'), where)
    writeFileSync(join(project, 'ask-where.ts'), askWhere)
    writeFileSync(join(project, 'counting.ts'), counting)
    writeFileSync(join(project, 'sharing.ts'), sharing)
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(tsconfig))
  })

  after(() => rmSync(project, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }))

  it('brings no package with an install script, and no msgpackr as a package', () => {
    const installed = installedPackages(join(project, 'node_modules'))
    assert.ok(installed.some((each) => each.endsWith(join('node_modules', 'cardumen'))))
    assert.deepEqual(installed.filter(hasInstallScript), [])
    assert.deepEqual(
      installed.filter((each) => /msgpackr/.test(each)),
      [],
    )
  })

  it('runs the ten lines, on threads of their own', () => {
    assert.deepEqual(run(['main.ts']), { status: 0, stdout: printed, stderr: '' })
  })

  it('runs threads and a process that share a lock', () => {
    assert.deepEqual(run(['sharing.ts']), { status: 0, stdout: '[ 1, 2 ] true false\n', stderr: '' })
  })

  it('starts members by its command, which run the ten lines, and ends them', () => {
    try {
      const up = cardumen('up', '--members', '2')
      assert.match(up.stdout, /^m1 {2}pid \d+\nm2 {2}pid \d+\n2 members started\.\n$/, up.stderr)
      const { members } = JSON.parse(cardumen('status', '--json').stdout) as Status
      assert.deepEqual(
        members.map(({ name, state }) => [name, state]),
        [
          ['m1', 'live'],
          ['m2', 'live'],
        ],
      )
      assert.deepEqual(run(['main.ts']), { status: 0, stdout: printed, stderr: '' })
      const where = run(['ask-where.ts'])
      assert.ok(
        members.some(({ pid }) => where.stdout === `${pid}\n`),
        `jobs run in a member, not in ${where.stdout}${where.stderr}`,
      )
    } finally {
      assert.match(cardumen('down').stdout, /2 members stopped\.\n$/)
    }
    assert.equal(cardumen('status').status, 3)
  })

  it('simulates in vitest, and prints there how to run a failing seed again', async () => {
    const folder = join(project, 'in-vitest')
    mkdirSync(folder)
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'in-vitest', private: true, type: 'module' }))
    writeFileSync(join(folder, 'simulations.test.ts'), simulations)
    await runNpm(folder, ['install', '--no-audit', '--no-fund', vitest])
    const { status, stdout, stderr } = run([join('node_modules', 'vitest', 'vitest.mjs'), 'run'], folder)
    assert.match(stdout, /Tests {2}1 failed \| 2 passed/, stderr)
    assert.match(stderr, /seed 2 of "simulation" breaks "planted"/)
    assert.match(stderr, /run it again: {5}CARDUMEN_SEED=2 npx vitest run simulations\.test\.ts\n/)
    assert.equal(status, 1)
  })

  it('has types that a strict program compiles against', () => {
    const { status, stdout } = run([join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', '.'])
    assert.equal(stdout, '')
    assert.equal(status, 0)
  })

  it('has the command, with help', () => {
    const { status, stdout } = cardumen('--help')
    assert.match(stdout, /cardumen/)
    assert.equal(status, 0)
    assert.ok(
      existsSync(join(project, 'node_modules', '.bin', process.platform === 'win32' ? 'cardumen.cmd' : 'cardumen')),
    )
  })

  function cardumen(...args: readonly string[]): Ended {
    const folder = join(project, 'node_modules', 'cardumen')
    const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { bin: { cardumen: string } }
    return run([join(folder, bin.cardumen), ...args])
  }

  function run(list: readonly string[], cwd = project): Ended {
    const env = {
      ...process.env,
      NODE_COMPILE_CACHE: undefined,
      CARDUMEN_HOME: undefined,
      NODE_TEST_CONTEXT: undefined,
      NO_COLOR: '1',
      FORCE_COLOR: undefined,
    }
    const options = { cwd, encoding: 'utf8', timeout: timeoutMs, env } as const
    const { status, stdout, stderr } = spawnSync(process.execPath, list, options)
    return { status, stdout, stderr }
  }
})

/** The lines that the README gives for a project of one's own. */
function installLines(): readonly [inClone: string, inProject: string, run: string] {
  const block = /^```sh install\n([\s\S]*?)\n```$/m.exec(readme)?.[1] ?? ''
  const [inClone = '', inProject = '', run = ''] = block.split('\n').map((line) => line.replace(/ +#.*$/, ''))
  return [inClone, inProject, run]
}

/** The folder of every package below a node_modules folder, nested ones too. */
function installedPackages(modules: string): readonly string[] {
  if (!existsSync(modules)) return []
  const names = readdirSync(modules).filter((name) => !name.startsWith('.'))
  const folders = names.flatMap((name) =>
    name.startsWith('@')
      ? readdirSync(join(modules, name)).map((each) => join(modules, name, each))
      : [join(modules, name)],
  )
  return folders.flatMap((folder) => [folder, ...installedPackages(join(folder, 'node_modules'))])
}

/** npm also runs node-gyp, unasked, where it finds a binding.gyp. */
function hasInstallScript(folder: string): boolean {
  const { scripts = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    scripts?: Record<string, string>
  }
  return (
    ['preinstall', 'install', 'postinstall'].some((name) => name in scripts) || existsSync(join(folder, 'binding.gyp'))
  )
}
