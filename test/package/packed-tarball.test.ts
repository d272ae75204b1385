/**
 * The package as a user gets it: packed, installed into an empty project, and used there by the ten lines of the README.
 *
 * Nothing here comes from this checkout but the tarball: the project has a folder, a package.json and a node_modules of its own.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { after, before, describe, it } from 'node:test'
import { makePackage } from '../../scripts/package.ts'
import { runNpm } from '../../scripts/run-npm.ts'
import { root } from '../../scripts/tools.ts'

const absent = ['src/cardumen.ts', 'src/cli/main.ts'].find((path) => !existsSync(join(root, path)))
const skip = absent === undefined ? false : `${absent} is not there yet`
const timeoutMs = 60_000

const job = `export function square(value: number): number {
  return value * value
}
`
const program = `import { join } from 'cardumen'

await using system = await join({ system: 'packed' })
const job = system.import<typeof import('./job.ts')>(new URL('./job.ts', import.meta.url))
const squares = await Promise.all([2, 3, 4].map((value) => job.square(value)))
console.log(squares.join(' '))
`
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
  files: ['main.ts'],
}

describe('the packed tarball in an empty project', { skip }, () => {
  const project = mkdtempSync(join(tmpdir(), 'cardumen-packed-'))

  before(async () => {
    const tarball = await makePackage()
    const manifest = { name: 'empty-project', version: '1.0.0', private: true, type: 'module' }
    writeFileSync(join(project, 'package.json'), JSON.stringify(manifest))
    await runNpm(project, ['install', '--no-audit', '--no-fund', tarball])
    writeFileSync(join(project, 'job.ts'), job)
    writeFileSync(join(project, 'main.ts'), program)
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

  it('runs the ten-line program, workers included', () => {
    const { status, stdout, stderr } = run(['main.ts'])
    assert.equal(stderr, '')
    assert.equal(stdout, '4 9 16\n')
    assert.equal(status, 0)
  })

  it('has types that a strict program compiles against', () => {
    const { status, stdout } = run([join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', '.'])
    assert.equal(stdout, '')
    assert.equal(status, 0)
  })

  it('has the command, with help', () => {
    const { status, stdout } = run([join('node_modules', 'cardumen', 'dist', 'cli', 'main.js'), '--help'])
    assert.match(stdout, /cardumen/)
    assert.equal(status, 0)
    assert.ok(
      existsSync(join(project, 'node_modules', '.bin', process.platform === 'win32' ? 'cardumen.cmd' : 'cardumen')),
    )
  })

  function run(list: readonly string[]): { status: number | null; stdout: string; stderr: string } {
    const env = {
      ...process.env,
      NODE_COMPILE_CACHE: undefined,
      CARDUMEN_HOME: undefined,
      NODE_TEST_CONTEXT: undefined,
    }
    return spawnSync(process.execPath, list, { cwd: project, encoding: 'utf8', timeout: timeoutMs, env })
  }
})

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
