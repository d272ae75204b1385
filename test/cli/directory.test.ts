/** `ls`, `tree`, `enter`, `mkdir`, `rm`, `mv` and `chmod`: the directory on a command line. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { describe, it } from 'node:test'
import { lit } from './fixtures/lit.ts'
import { type RunOptions, Sandbox } from './fixtures/sandbox.ts'

interface ListedRow {
  readonly name: string
  readonly isDirectory: boolean
  readonly rights: string
  readonly masks?: string
  readonly object?: string
}

/** Runs a command that must succeed without a word on stderr. */
async function done(sandbox: Sandbox, args: readonly string[], options?: RunOptions): Promise<string> {
  const { code, stdout, stderr } = await sandbox.run(args, options)
  assert.deepEqual([code, stderr], [0, ''], args.join(' '))
  return stdout
}

async function rowsOf(sandbox: Sandbox, ...args: readonly string[]): Promise<readonly ListedRow[]> {
  const lines = (await done(sandbox, ['ls', '--json', ...args])).split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as ListedRow)
}

describe('names in the directory', { timeout: 120_000 }, () => {
  it('are entered for a service, a capability on the input, and another name, and lead there', async () => {
    await using world = await lit()
    const { sandbox, lamp } = world
    await done(sandbox, ['mkdir', '--parents', '/rooms/hall'])
    await done(sandbox, ['enter', '/rooms/hall/main', 'lamp'])
    await done(sandbox, ['enter', '/rooms/hall/small lamp', '-'], { input: lamp })
    await done(sandbox, ['enter', '/light', '/rooms/hall/main'])
    assert.equal(await done(sandbox, ['ls']), 'light\nrooms/\n')
    assert.equal(await done(sandbox, ['ls', '/rooms/hall/']), 'main\nsmall lamp\n')
    for (const path of ['/light', '/rooms/hall/small lamp'])
      assert.equal(await done(sandbox, ['info', path]), 'lamp in the hall\n')
    assert.equal(await done(sandbox, ['call', '/light', 'colour']), '"green"\n')
    const [first, second] = await rowsOf(sandbox, '-l', '/rooms/hall')
    assert.deepEqual([first?.name, first?.isDirectory, first?.object], ['main', false, 'lamp in the hall'])
    assert.equal(second?.name, 'small lamp')
    assert.deepEqual(
      (await rowsOf(sandbox, '/light')).map((row) => row.name),
      ['light'],
    )
  })

  it('are moved, removed and replaced', async () => {
    await using world = await lit()
    const { sandbox } = world
    await done(sandbox, ['mkdir', '/rooms'])
    await done(sandbox, ['enter', '/light', 'lamp'])
    await done(sandbox, ['mv', '/light', '/rooms/'])
    await done(sandbox, ['mv', '/rooms/light', '/rooms/lamp'])
    await done(sandbox, ['enter', '--replace', '/rooms/lamp', 'member.m1'])
    assert.match(await done(sandbox, ['info', '/rooms/lamp']), /^member m1/)
    const kept = await sandbox.run(['rm', '--destroy', '/rooms'])
    assert.match(kept.stderr, /^error \[directory-not-empty\].*\nnext: Remove what is in it/)
    await done(sandbox, ['rm', '/rooms/lamp'])
    await done(sandbox, ['rm', '--destroy', '/rooms'])
    assert.equal(await done(sandbox, ['ls']), '')
  })

  it('outlive all members', async () => {
    await using sandbox = new Sandbox()
    await sandbox.run(['up', '--members', '1'])
    await done(sandbox, ['mkdir', '/kept'])
    await sandbox.run(['down'])
    assert.equal(await done(sandbox, ['ls']), 'kept/\n')
  })

  it('are revoked with all their capabilities, and lead to a new one', async () => {
    await using world = await lit()
    const { sandbox, lamp } = world
    await done(sandbox, ['enter', '/light', '-'], { input: lamp })
    const { code, stdout, stderr } = await sandbox.run(['cap', 'revoke', '/light', '--all'])
    assert.deepEqual([code, stdout], [0, ''], stderr)
    assert.match((await sandbox.run(['info', '-'], { input: lamp })).stderr, /^error \[capability-revoked\]/)
    assert.equal(await done(sandbox, ['info', '/light']), 'lamp in the hall\n')
  })
})

describe('masks', { timeout: 120_000 }, () => {
  it('decide what holders of a column get, and hide a name that they leave nothing of', async () => {
    await using world = await lit()
    const { sandbox } = world
    await done(sandbox, ['enter', '/light', 'lamp', '--masks', 'owner=all,other=read'])
    await done(sandbox, ['enter', '/secret', 'lamp'])
    await done(sandbox, ['chmod', 'other=', '/secret'])
    const [light, secret] = await rowsOf(sandbox, '-l')
    assert.equal(light?.masks, 'owner=all,group=,other=read,fourth=')
    assert.match(secret?.masks ?? '', /^owner=all,group=\S+,other=,/)
    const root = await done(sandbox, ['cap', 'restrict', '/', '--rights', 'read,other'])
    const env = { CARDUMEN_CAPABILITIES: `root=${root.trim()}` }
    assert.equal(await done(sandbox, ['ls'], { env }), 'light\n')
    const facts = JSON.parse(await done(sandbox, ['cap', 'show', '/light', '--json'], { env })) as readonly [
      { readonly rights: string },
    ]
    assert.equal(facts[0].rights, 'read')
    assert.match((await sandbox.run(['info', '/secret'], { env })).stderr, /^error \[name-unknown\]/)
    assert.match((await sandbox.run(['mkdir', '/mine'], { env })).stderr, /^error \[right-missing\]/)
  })

  it('of different columns are set at once without one undoing the other: it is done, or says that it was not', async () => {
    await using sandbox = new Sandbox()
    await sandbox.run(['up', '--members', '1'])
    await done(sandbox, ['mkdir', '/a', '--masks', 'owner=all'])
    await done(sandbox, ['mkdir', '/ab'])
    const columns = ['group', 'other', 'fourth'] as const
    const ended = await Promise.all(columns.map((column) => sandbox.run(['chmod', `${column}=read`, '/a'])))
    const [row] = await rowsOf(sandbox, '-l')
    for (const [at, { code, stderr }] of ended.entries()) {
      assert.equal(row?.masks?.includes(`${columns[at]}=read`), code === 0, `${stderr} ${row?.masks}`)
      if (code !== 0) assert.match(stderr, /^error \[name-clash\]/)
    }
  })

  it('cannot be set of a name that is not there, nor of the root', async () => {
    await using sandbox = new Sandbox()
    await sandbox.run(['up', '--members', '1'])
    await done(sandbox, ['mkdir', '/ab'])
    assert.match((await sandbox.run(['chmod', 'other=', '/a'])).stderr, /^error \[name-unknown\]/)
    assert.match((await sandbox.run(['chmod', 'other=', '/'])).stderr, /^error \[name-invalid\]/)
  })
})

describe('tree', { timeout: 120_000 }, () => {
  it('draws each directory once, and says where links and circles lead', async () => {
    await using sandbox = new Sandbox()
    await sandbox.run(['up', '--members', '1'])
    await done(sandbox, ['mkdir', '-p', '/a/b'])
    await done(sandbox, ['enter', '/a/b/up', '/a'])
    await done(sandbox, ['enter', '/a/self', 'run'])
    await done(sandbox, ['enter', '/z', '/a/b'])
    const { code, stdout, stderr } = await sandbox.run(['tree'])
    assert.deepEqual([code, stderr], [0, '5 names, 4 directories among them.\n'])
    assert.equal(
      stdout,
      `/
├── a/
│   ├── b/
│   │   └── up/  a circle: it is /a
│   └── self
└── z/  the same as /a/b
`,
    )
    assert.equal((await sandbox.run(['tree', '/', '--depth', '1'])).stdout, '/\n├── a/\n└── z/\n')
  })

  it('draws a directory by a way that shows it, where the first one is too deep or leaves no column', async () => {
    await using sandbox = new Sandbox()
    await sandbox.run(['up', '--members', '1'])
    await done(sandbox, ['mkdir', '-p', '/a/deep/inner'])
    await done(sandbox, ['enter', '/b', '/a/deep', '--masks', 'owner=read'])
    await done(sandbox, ['enter', '/c', '/a/deep'])
    const { stdout } = await sandbox.run(['tree', '--depth', '2'])
    assert.equal(stdout, '/\n├── a/\n│   └── deep/\n├── b/  (access-refused)\n└── c/\n    └── inner/\n')
  })
})

describe('what the directory refuses', { timeout: 120_000 }, () => {
  const refused: readonly (readonly [args: readonly string[], code: number, text: RegExp])[] = [
    [['ls', '/nothing'], 1, /^error \[name-unknown\]/],
    [['ls', 'here'], 2, /^error \[option-invalid\]: A path of the directory begins with "\/"/],
    [['ls', '/here/../there'], 2, /^error \[name-invalid\]/],
    [['mkdir', '/here'], 1, /^error \[name-exists\]/],
    [['mkdir', '/nothing/below'], 1, /^error \[name-unknown\]/],
    [['mkdir', '/bad', '--masks', 'owner'], 2, /^error \[option-invalid\].*Masks look like/],
    [['chmod', 'everybody=all', '/here'], 2, /^error \[option-invalid\].*Masks look like/],
    [['enter', '/here/new', 'nobody'], 1, /^error \[name-unknown\]/],
    [['rm', '/'], 2, /^error \[name-invalid\]/],
    [['mv', '/nothing', '/else'], 1, /^error \[name-unknown\]/],
    [['tree', '/here/run'], 1, /^error \[not-a-directory\]/],
    [['info', '/dead'], 1, /^error \[address-unknown\]/],
  ]

  it('is told with a code, a next step and its exit code', async () => {
    await using world = await lit()
    const { sandbox } = world
    await done(sandbox, ['mkdir', '/here'])
    await done(sandbox, ['enter', '/here/run', 'run'])
    await done(sandbox, ['enter', '/dead', 'lamp'])
    await world.breakLamp()
    for (const [args, code, text] of refused) {
      const result = await sandbox.run(args)
      assert.deepEqual([result.code, result.stdout], [code, ''], `${args.join(' ')}: ${result.stderr}`)
      assert.match(result.stderr, text)
      assert.match(result.stderr, /\nnext: .+\n$/)
    }
    assert.match(await done(sandbox, ['ls', '-l']), /dead +\(address-unknown\)/)
  })

  it('ends with 3 where there is no system', async () => {
    await using sandbox = new Sandbox()
    for (const args of [['ls'], ['tree'], ['mkdir', '/x'], ['rm', '/x'], ['audit'], ['info', 'x']]) {
      const { code, stderr } = await sandbox.run(args)
      assert.equal(code, 3, args.join(' '))
      assert.match(stderr, /^error \[system-absent\]/)
    }
  })

  it('ends quietly when its reader has enough', async () => {
    await using sandbox = new Sandbox()
    await sandbox.run(['up', '--members', '1'])
    await done(sandbox, ['mkdir', '-p', '/a/b'])
    const { code, stdout, stderr } = await sandbox.shell('set -o pipefail; cardumen tree 2>/dev/null | head -1')
    assert.deepEqual([code, stdout, stderr], [0, '/\n', ''])
  })

  it('says what is against it when its output cannot be written', { skip: !existsSync('/dev/full') }, async () => {
    await using sandbox = new Sandbox()
    const { code, stderr } = await sandbox.shell('cardumen completion bash > /dev/full')
    assert.deepEqual([code, stderr], [1, 'error [enospc]: ENOSPC: no space left on device, write\n'])
  })
})
