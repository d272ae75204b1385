/** `cardumen check` ends with 0, 1 or 2, and says and draws why. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { after, describe, it } from 'node:test'
import { root } from '../../scripts/tools.ts'

const folder = mkdtempSync(join(tmpdir(), 'cardumen-check-'))
after(() => rmSync(folder, { recursive: true, force: true }))

function history(...lines: readonly string[]): string {
  return lines
    .map((line, index) => {
      const [processName, type, f, value = 'null'] = line.split(' ')
      return `{"index":${index},"time":${index},"process":${processName},"type":"${type}","f":"${f}","value":${value}}\n`
    })
    .join('')
}

function check(
  text: string,
  ...more: readonly string[]
): { code: number | null; out: string; err: string; file: string } {
  const file = join(folder, 'history.jsonl')
  writeFileSync(file, text)
  const run = spawnSync(process.execPath, ['src/cli/main.ts', 'check', '--model', 'register', ...more, file], {
    cwd: root,
    encoding: 'utf8',
    timeout: 30_000,
  })
  return { code: run.status, out: run.stdout, err: run.stderr, file }
}

const stale = history('0 invoke write 1', '0 ok write 1', '1 invoke read', '1 ok read null')

describe('cardumen check', () => {
  it('ends with 0 where the history holds', () => {
    const { code, out, file } = check(history('0 invoke write 1', '0 ok write 1', '1 invoke read', '1 ok read 1'))
    assert.equal(code, 0)
    assert.match(out, /holds: 2 operations/)
    assert.equal(existsSync(`${file}.violation.html`), false)
  })

  it('ends with 1 where it is broken, with the smallest part as text and as a picture', () => {
    const { code, out, file } = check(stale)
    assert.equal(code, 1)
    assert.match(out, /read → null .*has no place/)
    assert.match(readFileSync(`${file}.violation.html`, 'utf8'), /<svg/)
  })

  it('ends with 0 for the same history where less is promised', () => {
    assert.equal(check(stale, '--consistency', 'sequential').code, 0)
  })

  it('prints one line of JSON with the part that is broken', () => {
    const { code, out } = check(stale, '--json', '--html', join(folder, 'other.html'))
    assert.equal(code, 1)
    assert.deepEqual(
      [JSON.parse(out).holds, JSON.parse(out).part.length, JSON.parse(out).picture],
      [false, 2, join(folder, 'other.html')],
    )
  })

  it('ends with 2 where the history cannot be used, and names the line', () => {
    const { code, err } = check(history('0 invoke write 1', '0 ok write 1', '0 ok write 1'))
    assert.equal(code, 2)
    assert.match(err, /error \[history-invalid\]: Line 3 /)
  })

  it('ends with 2 where there is no operation to judge, and never takes that for a proof', () => {
    const { code, err } = check('{"process":"nemesis","type":"info","f":"kill"}\n\n')
    assert.equal(code, 2)
    assert.match(err, /error \[history-invalid\]: .*no operation/)
  })

  it('ends with 2 for a model that it does not know', () => {
    assert.equal(check(stale, '--model', 'stack').code, 2)
  })
})
