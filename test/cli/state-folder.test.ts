/** State folders that are odd: each ends in a documented code and a next step. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import { Sandbox } from './fixtures/sandbox.ts'

describe('a state folder', { timeout: 60_000 }, () => {
  it('whose path has 200 characters works', async () => {
    await using sandbox = new Sandbox((folder) => join(folder, 'x'.repeat(100), 'y'.repeat(199 - folder.length - 102)))
    assert.equal(sandbox.home.length, 199)
    const up = await sandbox.run(['up', '--members', '2'])
    assert.equal(up.code, 0, up.stderr)
    assert.equal((await sandbox.members()).length, 2)
    assert.equal((await sandbox.run(['down'])).code, 0)
  })

  for (const command of [['up'], ['doctor'], ['run', 'program.ts']]) {
    it(`that cannot be made is told by ${command.join(' ')}`, async () => {
      await using sandbox = new Sandbox((folder) => join(folder, 'file', 'home'))
      writeFileSync(join(sandbox.folder, 'file'), '')
      const { code, stdout, stderr } = await sandbox.run(command)
      assert.equal(code, 1)
      const text = command[0] === 'doctor' ? stdout : stderr
      assert.match(text, command[0] === 'doctor' ? /^fail {2}state folder: /m : /^error \[state-unwritable\]: /)
      assert.match(text, /next: Choose another.*CARDUMEN_HOME/)
    })
  }

  for (const command of [['up'], ['status'], ['run', 'program.ts'], ['doctor']]) {
    it(`of a newer format is left alone by ${command.join(' ')}`, async () => {
      await using sandbox = new Sandbox()
      mkdirSync(join(sandbox.home, 'main'), { recursive: true })
      using database = new DatabaseSync(join(sandbox.home, 'main', 'state.db'))
      database.exec(`PRAGMA application_id = ${0x43_64_6d_6e}; PRAGMA user_version = 99; CREATE TABLE kv (key TEXT)`)
      const { code, stdout, stderr } = await sandbox.run(command)
      assert.equal(code, 1)
      assert.match(command[0] === 'doctor' ? stdout : stderr, /\[state-newer\].*format 99/)
      assert.match(command[0] === 'doctor' ? stdout : stderr, /next: Upgrade cardumen/)
    })
  }

  for (const command of [['status'], ['ps'], ['down'], ['call', 'a', 'b']]) {
    it(`that cannot be entered is not taken for one in which nothing runs, by ${command.join(' ')}`, async () => {
      await using sandbox = new Sandbox((folder) => join(folder, 'home'))
      // Nobody can enter what leads back to itself, not even the superuser, whom no permission stops.
      symlinkSync(sandbox.home, sandbox.home)
      const { code, stderr } = await sandbox.run(command)
      assert.equal(code, 1)
      assert.match(stderr, /^error \[state-unwritable\]: .* cannot be entered: .*\nnext: Choose another/)
    })
  }

  it('of another user is told as such', {
    skip: process.getuid?.() === 0 && 'no permission stops the superuser',
  }, async () => {
    await using sandbox = new Sandbox()
    mkdirSync(sandbox.home)
    chmodSync(sandbox.home, 0)
    const { code, stderr } = await sandbox.run(['status'])
    chmodSync(sandbox.home, 0o700)
    assert.equal(code, 1)
    assert.match(stderr, /^error \[state-unwritable\]: .*EACCES/)
  })

  it('whose state file is none is told, and not overwritten', async () => {
    await using sandbox = new Sandbox()
    mkdirSync(join(sandbox.home, 'main'), { recursive: true })
    writeFileSync(join(sandbox.home, 'main', 'state.db'), 'these are my notes, not a database\n'.repeat(100))
    const { code, stderr } = await sandbox.run(['up'])
    assert.equal(code, 1)
    assert.match(stderr, /^error \[state-damaged\]: /)
  })

  it('is chosen by --home before the command or after it', async () => {
    await using sandbox = new Sandbox()
    const elsewhere = join(sandbox.folder, 'elsewhere')
    for (const args of [
      ['--home', elsewhere, 'status'],
      ['status', '--home', elsewhere],
    ]) {
      const { code, stderr } = await sandbox.run(args)
      assert.equal(code, 3)
      assert(stderr.includes(join(elsewhere, 'main')))
    }
  })
})
