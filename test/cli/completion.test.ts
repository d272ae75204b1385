/** What is completed, and by the scripts in the shells that are installed. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { Sandbox } from './fixtures/sandbox.ts'

type Shell = 'bash' | 'zsh' | 'fish'

/** What each shell needs to take a script in without running it. */
const checks: Readonly<Record<Shell, readonly string[]>> = { bash: ['-n'], zsh: ['-n'], fish: ['--no-execute'] }

/** Where the shell is missing: the command that installs it. */
function skipOf(shell: string): false | string {
  return isInstalled(shell) ? false : `install it: apt-get install -y ${shell}`
}

function isInstalled(shell: string): boolean {
  return spawnSync(shell, ['-c', 'true']).status === 0
}

async function wordsAfter(sandbox: Sandbox, ...words: readonly string[]): Promise<readonly string[]> {
  const { code, stdout, stderr } = await sandbox.run(['completion', '--words', '--', ...words])
  assert.deepEqual([code, stderr], [0, ''])
  return stdout.trimEnd().split('\n')
}

describe('completion', { timeout: 60_000 }, () => {
  const lines: readonly (readonly [words: readonly string[], answer: readonly string[]])[] = [
    [['sta'], ['words', 'status']],
    [
      ['cap', ''],
      ['words', 'show', 'restrict', 'revoke'],
    ],
    [
      ['cap', 'show', '--t'],
      ['words', '--text'],
    ],
    [
      ['--home', '/nowhere', 'rm', '--d'],
      ['words', '--destroy'],
    ],
    [
      ['tables', 'b'],
      ['words', 'bully'],
    ],
    [
      ['completion', ''],
      ['words', 'bash', 'zsh', 'fish'],
    ],
    [['run', ''], ['files']],
    [['--home', ''], ['folders']],
    [['status', '--home=x'], ['folders']],
    [['down', ''], ['words']],
    [['run', 'file.ts', '--', '--on'], ['words']],
    [['nonsense', ''], ['words']],
  ]

  it('says what may stand at the end of a line, as the definitions of the commands have it', async () => {
    await using sandbox = new Sandbox()
    for (const [words, answer] of lines) assert.deepEqual(await wordsAfter(sandbox, ...words), answer, words.join(' '))
  })

  it('offers members and services of the system that runs, and nothing where none does', async () => {
    await using sandbox = new Sandbox()
    assert.deepEqual(await wordsAfter(sandbox, 'run', '--on', ''), ['words'])
    await sandbox.run(['up', '--members', '2'])
    assert.deepEqual(await wordsAfter(sandbox, 'run', '--on', ''), ['words', 'm1', 'm2'])
    assert((await wordsAfter(sandbox, 'info', 'r')).includes('run'))
    await using elsewhere = new Sandbox()
    assert.deepEqual(await wordsAfter(elsewhere, '--home', sandbox.home, 'trace', '--member', 'm2'), ['words', 'm2'])
  })

  it('offers the names in the directory that was typed so far, and goes on below', async () => {
    await using sandbox = new Sandbox()
    await sandbox.run(['up', '--members', '1'])
    await sandbox.run(['mkdir', '-p', '/rooms/big hall'])
    await sandbox.run(['enter', '/rooms/run', 'run'])
    assert.deepEqual(await wordsAfter(sandbox, 'ls', '/r'), ['words', '/rooms/'])
    assert.deepEqual(await wordsAfter(sandbox, 'mv', '/rooms/'), ['words', '/rooms/big hall/', '/rooms/run'])
    assert.deepEqual(await wordsAfter(sandbox, 'cap', 'show', '/rooms/r'), ['words', '/rooms/run'])
    assert.deepEqual(await wordsAfter(sandbox, 'ls', '/nothing/'), ['words'])
    assert.equal(await inBash(sandbox, 'cardumen ls /rooms/b'), '/rooms/big\\ hall/\n')
  })

  it('refuses a shell that it has no script for', async () => {
    await using sandbox = new Sandbox()
    for (const args of [[], ['tcsh']]) {
      const { code, stdout, stderr } = await sandbox.run(['completion', ...args])
      assert.deepEqual([code, stdout], [2, ''])
      assert.match(stderr, /bash, zsh, fish/)
    }
  })
})

describe('the scripts', { timeout: 60_000 }, () => {
  for (const shell of ['bash', 'zsh', 'fish'] as const) {
    it(`for ${shell} is one that ${shell} can read`, { skip: skipOf(shell) }, async () => {
      await using sandbox = new Sandbox()
      const { code, stdout } = await sandbox.run(['completion', shell])
      assert.equal(code, 0)
      const file = join(sandbox.folder, 'script')
      writeFileSync(file, stdout)
      const { status, stderr } = spawnSync(shell, [...checks[shell], file])
      assert.deepEqual([status, String(stderr)], [0, ''])
    })
  }

  it('for bash completes names of commands and options by itself, and values with the command', async () => {
    await using sandbox = new Sandbox()
    await sandbox.run(['up', '--members', '1'])
    assert.equal(await inBash(sandbox, 'cardumen stat'), 'status\n')
    assert.equal(await inBash(sandbox, 'cardumen --system x cap restrict --r'), '--rights\n')
    assert.equal(await inBash(sandbox, 'cardumen cap '), 'show\nrestrict\nrevoke\n')
    assert.equal(await inBash(sandbox, 'cardumen trace --member '), 'm1\n')
  })

  it('for bash inserts names so that the shell runs nothing of them, within quotation marks and without', async () => {
    await using sandbox = new Sandbox()
    await sandbox.run(['up', '--members', '1'])
    for (const name of ['a$(id)', 'a`id`', 'a;id', 'a b']) await sandbox.run(['mkdir', `/${name}`])
    const offered = await inBash(sandbox, 'cardumen ls /a')
    assert.deepEqual(offered.split('\n').filter(Boolean), ['/a\\ b/', '/a\\$\\(id\\)/', '/a\\;id/', '/a\\`id\\`/'])
    assert.equal(await inBash(sandbox, 'cardumen ls "/a'), '/a b/\n/a;id/\n')
  })

  it('for fish completes names of commands, options and values', { skip: skipOf('fish') }, async () => {
    await using sandbox = new Sandbox()
    await sandbox.run(['up', '--members', '1'])
    assert.match(await inFish(sandbox, 'cardumen stat'), /^status\t/)
    assert.match(await inFish(sandbox, 'cardumen cap restrict --ri'), /^--rights\t/)
    assert.match(await inFish(sandbox, 'cardumen trace --member '), /^m1\t/)
  })
})

/** As bash does it when Tab is pressed at the end of the line. Words are those between blanks. */
async function inBash(sandbox: Sandbox, line: string): Promise<string> {
  const { stdout, stderr } = await sandbox.shell(
    `source <(cardumen completion bash)
     COMP_LINE='${line}' COMP_POINT=${line.length}
     read -ra COMP_WORDS <<< "$COMP_LINE"
     [[ $COMP_LINE == *' ' ]] && COMP_WORDS+=('')
     COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
     _cardumen cardumen
     printf '%s\\n' "\${COMPREPLY[@]}"`,
  )
  assert.equal(stderr, '')
  return stdout
}

async function inFish(sandbox: Sandbox, line: string): Promise<string> {
  const script = `function cardumen; bash -c 'cardumen "$@"' cardumen $argv; end
    cardumen completion fish | source
    complete -C '${line}'`
  const { stdout } = await sandbox.shell(`export -f cardumen; fish --no-config <<'END'\n${script}\nEND`)
  return stdout
}
