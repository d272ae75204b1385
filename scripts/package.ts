/**
 * Makes the package that users install: `npm run package` stages it in build/package and packs it into a tarball in build.
 *
 * The sources run unbuilt in this checkout, but Node strips no types below node_modules, so what is published is compiled JavaScript with its types.
 * msgpackr is copied in, its plain JavaScript only: as a dependency it would bring an optional package with an install script, and no package of
 * ours may make a user run one. Tests, fixtures and outputs of sources that are gone stay out.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { isTest } from './rooms.ts'
import { runNpm } from './run-npm.ts'
import { sourceFiles } from './source-files.ts'
import { compileSources, root } from './tools.ts'

type Manifest = {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly license: string
  readonly author: string
  readonly engines: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
}

const staging = join(root, 'build', 'package')
const commandSource = 'src/cli/main.ts'
const vendored = { name: 'msgpackr', files: ['index.js', 'pack.js', 'unpack.js', 'iterators.js', 'LICENSE'] }

/** Compiles, stages and packs. Resolves to the path of the tarball; rejects with what the compiler or npm said. */
export async function makePackage(): Promise<string> {
  const { code, output } = await compileSources(root)
  if (code !== 0) throw new Error(`the sources do not compile:\n${output}`)
  rmSync(staging, { recursive: true, force: true })
  for (const file of sourceFiles(root, ['src'], ['.ts'])) {
    if (!isTest(file.path) && !file.path.endsWith('.d.ts')) stageCompiled(file.path)
  }
  for (const name of vendored.files)
    stage(join(root, 'node_modules', vendored.name, name), `vendor/${vendored.name}/${name}`)
  for (const name of ['README.md', 'LICENSE']) stage(join(root, name), name)
  writeFileSync(join(staging, 'package.json'), `${JSON.stringify(publishedManifest(), undefined, 2)}\n`)
  const printed = await runNpm(staging, [
    'pack',
    '--ignore-scripts',
    '--json',
    '--pack-destination',
    join(root, 'build'),
  ])
  return join(root, 'build', tarballName(printed))
}

/** `src/kernel/member.ts` becomes `dist/kernel/member.js` and `dist/kernel/member.d.ts`. */
function stageCompiled(source: string): void {
  const compiled = join(root, 'build', 'js', source.slice(0, -'.ts'.length))
  const target = distPath(source).slice(0, -'.js'.length)
  stage(`${compiled}.js`, `${target}.js`)
  const types = readFileSync(`${compiled}.d.ts`, 'utf8')
  if (types.includes('#msgpackr'))
    throw new Error(`${source} shows msgpackr's types to its users: give it a type of its own`)
  writeFileSync(join(staging, `${target}.d.ts`), withCompiledEndings(types))
}

/** The compiler rewrites the endings of imports in JavaScript, and leaves them in types. */
function withCompiledEndings(types: string): string {
  return types.replace(/((?:\bfrom|\bimport\(|\bimport)\s*)(['"])(\.{1,2}\/[^'"]+)\.ts\2/g, '$1$2$3.js$2')
}

function publishedManifest(): object {
  const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest
  const { name, version, description, license, author, engines } = own
  const faces = Object.entries(own.exports).map(([face, source]) => [
    face,
    { types: distPath(source).replace(/^/, './').replace(/js$/, 'd.ts'), default: `./${distPath(source)}` },
  ])
  if (!readFileSync(join(staging, distPath(commandSource)), 'utf8').startsWith('#!'))
    throw new Error(`${commandSource} has no "#!/usr/bin/env node" in its first line`)
  const dependencies = Object.fromEntries(Object.entries(own.dependencies).filter(([each]) => each !== vendored.name))
  return {
    ...{ name, version, description, license, author, type: 'module', engines },
    exports: { ...Object.fromEntries(faces), './package.json': './package.json' },
    imports: { '#msgpackr': `./vendor/${vendored.name}/index.js` },
    bin: { [name]: `./${distPath(commandSource)}` },
    dependencies,
  }
}

function distPath(source: string): string {
  return source.replace(/^(?:\.\/)?src\//, 'dist/').replace(/\.ts$/, '.js')
}

function stage(source: string, target: string): void {
  if (!existsSync(source)) throw new Error(`${source} is missing, and the package needs it`)
  const path = join(staging, target)
  mkdirSync(dirname(path), { recursive: true })
  copyFileSync(source, path)
}

/** npm 10 and 11 print a list; later ones print an object by package name. */
function tarballName(printed: string): string {
  const name = /"filename":\s*"([^"]+\.tgz)"/.exec(printed)?.[1]
  if (name === undefined) throw new Error(`npm pack named no tarball:\n${printed}`)
  return name
}

if (import.meta.main) {
  try {
    console.log(await makePackage())
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}
