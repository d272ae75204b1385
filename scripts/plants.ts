/**
 * One planted violation of every kind that our walls are said to stop, and the tool that has to stop it.
 *
 * Some tools pass everything in silence when a version or a setting changes under them, and a wall that stops nothing looks just like one that
 * nobody runs into. So `verify` plants these in a copy of the tree and fails when the named tool does not complain of the named file.
 */

export type Plant = {
  /** What is broken, as a reader of the report would say it. */
  readonly title: string
  /** The file that the tool has to name. */
  readonly path: string
  readonly text: string
  /** What the tool has to say about it: an error code, or the name of a rule. */
  readonly says: string
  /** Files that have to stand beside it. */
  readonly beside?: readonly { readonly path: string; readonly text: string }[]
}

const head = '/**\n * Planted by verify, in a copy of the tree.\n */\n'

function plant(title: string, path: string, code: string, says: string, beside?: Plant['beside']): Plant {
  const planted = { title, path, text: `${head}${code}\n`, says }
  return beside === undefined ? planted : { ...planted, beside }
}

/** A room may not be inhabited yet, so what is imported is planted too. */
function importing(path: string, target: string, says: string): Plant {
  const up = path
    .split('/')
    .slice(0, -1)
    .map(() => '..')
    .join('/')
  const beside = [{ path: target, text: `${head}export const planted = 1\n` }]
  return plant(
    `${path} imports ${target}`,
    path,
    `import { planted } from '${up}/${target}'\n\nexport const taken = planted`,
    says,
    beside,
  )
}

/** TS6307: the file is in no project that this one refers to. */
const notReferenced = 'TS6307'

export const typePlants: readonly Plant[] = [
  importing('src/lib/planted-up.ts', 'src/kernel/planted-target.ts', notReferenced),
  importing('src/protocols/planted/planted-up.ts', 'src/wire/planted-target.ts', notReferenced),
  importing('src/wire/planted-up.ts', 'src/edges/planted-target.ts', notReferenced),
  importing('src/kernel/planted-up.ts', 'src/servers/planted/interface.ts', notReferenced),
  importing('src/kernel/planted-real.ts', 'src/host/planted-target.ts', notReferenced),
  importing('src/servers/planted/planted-engine.ts', 'src/engines/planted-target.ts', notReferenced),
  importing('src/host/planted-up.ts', 'src/kernel/planted-target.ts', notReferenced),
  importing('src/engines/planted-up.ts', 'src/host/planted-target.ts', notReferenced),
  plant(
    'a Node module in a closed room',
    'src/kernel/planted-node.ts',
    "import { readFileSync } from 'node:fs'\n\nexport const read = readFileSync",
    'TS2591',
  ),
  plant('a Node type in a closed room', 'src/edges/planted-type.ts', 'export type Bytes = Buffer', 'TS2591'),
  plant(
    'a Node global in a closed room',
    'src/servers/planted/planted-global.ts',
    'export const now = process.hrtime.bigint()',
    'TS2591',
  ),
  plant(
    'a timer in a closed room',
    'src/protocols/planted/planted-timer.ts',
    'export const timer = setTimeout(() => undefined, 1)',
    'TS2304',
  ),
  plant('an enum', 'src/lib/planted-enum.ts', 'export enum Planted {\n  one,\n}', 'TS1294'),
  plant(
    'a parameter property',
    'src/lib/planted-property.ts',
    'export class Planted {\n  constructor(readonly one: number) {}\n}',
    'TS1294',
  ),
  plant('an import without .ts', 'src/lib/planted-ending.ts', "export { planted } from './planted-target'", 'TS2835', [
    { path: 'src/lib/planted-target.ts', text: `${head}export const planted = 1\n` },
  ]),
  plant(
    'a type imported as a value',
    'src/lib/planted-verbatim.ts',
    "import { Planted } from './planted-type.ts'\n\nexport const planted: Planted = 1",
    'TS1484',
    [{ path: 'src/lib/planted-type.ts', text: `${head}export type Planted = number\n` }],
  ),
  plant(
    'an index that may miss',
    'src/lib/planted-index.ts',
    'const list: number[] = []\n\nexport const first: number = list[0]',
    'TS2322',
  ),
  plant(
    'undefined for an absent property',
    'src/lib/planted-exact.ts',
    'export const planted: { one?: number } = { one: undefined }',
    'TS2375',
  ),
  plant('a wrong type in a test', 'src/lib/planted.test.ts', "export const planted: number = 'text'", 'TS2322'),
  plant('a wrong type in a script', 'scripts/planted-wrong.ts', "export const planted: number = 'text'", 'TS2322'),
  plant('a wrong type in an example', 'examples/planted-wrong.ts', "export const planted: number = 'text'", 'TS2322'),
  plant(
    'an expected type error that does not come',
    'src/lib/planted.types.test.ts',
    '// @ts-expect-error the plant is right\nexport const planted: number = 1',
    'TS2578',
  ),
]

function banned(name: string, code: string, rule = 'no-restricted-globals'): Plant {
  return plant(`${name} in a closed room`, `src/kernel/planted-${name.toLowerCase().replace('.', '-')}.ts`, code, rule)
}

const longFunction = `export function planted(value: number): number {\n  let sum = value\n${'  sum += value\n'.repeat(70)}  return sum\n}`

export const lintPlants: readonly Plant[] = [
  banned('Date', 'export const planted = Date.now()'),
  banned('performance', 'export const planted = performance.now()'),
  banned('setTimeout', 'export const planted = setTimeout(() => undefined, 1)'),
  banned('setInterval', 'export const planted = setInterval(() => undefined, 1)'),
  banned('setImmediate', 'export const planted = setImmediate(() => undefined)'),
  banned('queueMicrotask', 'queueMicrotask(() => undefined)\n\nexport const planted = 1'),
  banned('process', 'export const planted = process.pid'),
  banned('Buffer', "export const planted = Buffer.from('text')"),
  banned('WeakRef', 'export const planted = new WeakRef({})'),
  banned('FinalizationRegistry', 'export const planted = new FinalizationRegistry(() => undefined)'),
  banned('Intl', 'export const planted = new Intl.NumberFormat()'),
  banned('crypto', "export const planted = crypto.subtle.digest('SHA-256', new Uint8Array())"),
  banned('fetch', "export const planted = fetch('http://localhost')"),
  banned('console', "console.log('text')\n\nexport const planted = 1"),
  banned('globalThis', 'export const planted = globalThis'),
  banned('Math.random', 'export const planted = Math.random()', 'no-restricted-properties'),
  banned(
    'Atomics.waitAsync',
    'export const planted = Atomics.waitAsync(new Int32Array(1), 0, 0)',
    'no-restricted-properties',
  ),
  banned('toLocaleString', 'export const planted = (1).toLocaleString()', 'no-restricted-properties'),
  banned('localeCompare', "export const planted = 'a'.localeCompare('b')", 'no-restricted-properties'),
  plant(
    'Node in a closed room',
    'src/wire/planted-node.ts',
    "import { readFileSync } from 'node:fs'\n\nexport const planted = readFileSync",
    'no-restricted-imports',
  ),
  plant(
    'a clock in each closed room',
    'src/servers/planted/planted-clock.ts',
    'export const planted = Date.now()',
    'no-restricted-globals',
  ),
  plant(
    'chance in a machine',
    'src/protocols/planted/planted-chance.ts',
    'export const planted = Math.random()',
    'no-restricted-properties',
  ),
  plant(
    'a promise that nobody awaits',
    'src/kernel/planted-floating.ts',
    'export async function planted(): Promise<void> {}\n\nplanted()',
    'no-floating-promises',
  ),
  plant(
    'a promise that nobody awaits, in a test',
    'src/kernel/planted-floating.test.ts',
    'async function planted(): Promise<void> {}\n\nplanted()',
    'no-floating-promises',
  ),
  plant(
    'a promise that nobody awaits, in an open room',
    'src/host/planted-floating.ts',
    'export async function planted(): Promise<void> {}\n\nplanted()',
    'no-floating-promises',
  ),
  plant(
    'a promise where none is expected',
    'src/kernel/planted-misused.ts',
    'export async function planted(): Promise<boolean> {\n  return true\n}\n\nexport const one = planted() ? 1 : 2',
    'no-misused-promises',
  ),
  plant(
    'a switch that forgets a case',
    'src/kernel/planted-switch.ts',
    "export function planted(kind: 'one' | 'two'): void {\n  switch (kind) {\n    case 'one':\n      break\n  }\n}",
    'switch-exhaustiveness-check',
  ),
  plant('any', 'src/host/planted-any.ts', 'export const planted: any = 1', 'no-explicit-any'),
  plant(
    'a default export',
    'src/host/planted-default.ts',
    'const planted = 1\n\nexport default planted',
    'no-default-export',
  ),
  plant('a function that is too long', 'src/host/planted-long.ts', longFunction, 'max-lines-per-function'),
  plant(
    'a file that is too long',
    'src/host/planted-file.ts',
    'export let planted = 1\n'.concat('planted += 1\n'.repeat(600)),
    'eslint(max-lines)',
  ),
  plant(
    'a circle of imports',
    'src/host/planted-circle.ts',
    "import { other } from './planted-other.ts'\n\nexport const planted = () => other",
    'no-cycle',
    [
      {
        path: 'src/host/planted-other.ts',
        text: `${head}import { planted } from './planted-circle.ts'\n\nexport const other = () => planted\n`,
      },
    ],
  ),
]

export const boundaryPlants: readonly Plant[] = [
  importing('src/lib/planted-up.ts', 'src/wire/planted-target.ts', 'lib may not import wire'),
  importing('src/sim/planted-real.ts', 'src/host/planted-target.ts', 'sim may not import host'),
  importing(
    'src/servers/planted/server.ts',
    'src/servers/other-planted/server.ts',
    'only by its interface.ts and client.ts',
  ),
  importing('src/sharing/planted-inside.ts', 'src/servers/planted/server.ts', 'only by its interface.ts and client.ts'),
  importing(
    'src/protocols/planted/planted.ts',
    'src/protocols/other-planted/messages.ts',
    'may not import protocols/other-planted',
  ),
  importing(
    'src/engines/planted/planted.ts',
    'src/engines/other-planted/store.ts',
    'may not import engines/other-planted',
  ),
  importing('src/host/planted-outside.ts', 'scripts/planted-target.ts', 'nothing in src may import'),
  importing('examples/planted/main.ts', 'src/kernel/planted-target.ts', "an example imports 'cardumen'"),
  importing('bench/planted/main.ts', 'src/kernel/planted-target.ts', 'the public faces only'),
  plant(
    'a package in a room that may not have it',
    'src/kernel/planted-package.ts',
    "import { pack } from 'msgpackr'\n\nexport const planted = pack",
    'not among those that kernel may import',
  ),
  plant(
    'a face of Node in a closed room',
    'src/edges/planted-node.ts',
    "import type { Socket } from 'node:net'\n\nexport type Planted = Socket",
    'a closed room knows no Node',
  ),
]

export const formatPlants: readonly Plant[] = [
  plant(
    'a file that nobody formatted',
    'src/lib/planted-format.ts',
    'export const planted = [ "one","two" ];',
    'planted-format.ts',
  ),
]

/** A dependency is planted by adding it to the package.json that is there. */
export function deadPlants(packageJson: string): readonly Plant[] {
  const withDependency = packageJson.replace(
    '"dependencies": {',
    '"dependencies": {\n    "planted-dependency": "1.0.0",',
  )
  return [
    plant(
      'an export that nobody uses',
      'scripts/planted/planted-used.ts',
      'export const used = 1\n\nexport const plantedDead = 2',
      'plantedDead',
      [
        {
          path: 'test/planted-user.test.ts',
          text: `${head}import { used } from '../scripts/planted/planted-used.ts'\n\nexport const planted = used\n`,
        },
      ],
    ),
    plant('a file that nobody imports', 'src/lib/planted-alone.ts', 'export const planted = 1', 'Unused files'),
    { title: 'a dependency that nobody uses', path: 'package.json', text: withDependency, says: 'planted-dependency' },
    plant(
      'a package that package.json does not list',
      'test/planted-unlisted.test.ts',
      "import { planted } from 'planted-unlisted'\n\nexport const one = planted",
      'planted-unlisted',
    ),
  ]
}
