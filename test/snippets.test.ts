/**
 * Every program in our documents compiles, and those marked `run` run.
 *
 * They import 'cardumen' as their reader would: a file inside this checkout reaches its own package by name.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { describe, it } from 'node:test'
import { sourceFiles } from '../scripts/source-files.ts'
import { root } from '../scripts/tools.ts'
import { type Snippet, snippetsOf, writeSnippets } from './snippet-extraction.ts'

const timeoutMs = 60_000
const documents = sourceFiles(root, ['.'], ['.md'])
const snippets = documents.flatMap((document) => snippetsOf(document.path, document.text))
const folder = join(root, 'build', 'snippets')

describe('the programs in our documents', () => {
  it('compile', async () => {
    assert.deepEqual(await compile(folder, snippets), '')
  })

  for (const snippet of snippets.filter((each) => each.isRun)) {
    it(`${snippet.source} runs`, async () => {
      const home = mkdtempSync(join(tmpdir(), 'cardumen-snippet-'))
      try {
        const { code, output } = await execute([join(folder, snippet.path)], { CARDUMEN_HOME: home })
        assert.equal(code, 0, output)
      } finally {
        rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
      }
    })
  }
})

describe('the extraction of programs', () => {
  const text =
    '# Title\n\n```ts job.ts\nexport const one = 1\n```\n\n```ts run\nimport { one } from "./job.ts"\n```\n\n```sh\nls\n```\n'

  it('finds the blocks of TypeScript, with their lines, names and marks', () => {
    assert.deepEqual(
      snippetsOf('docs/How.md', text).map(({ source, path, isRun }) => ({ source, path, isRun })),
      [
        { source: 'docs/How.md:4', path: join('docs-how', 'job.ts'), isRun: false },
        { source: 'docs/How.md:8', path: join('docs-how', 'line-8.ts'), isRun: true },
      ],
    )
  })

  it('takes a block out of a list without its indentation', () => {
    assert.deepEqual(
      snippetsOf('list.md', '1. First:\n   ```ts\n   if (true) {\n     one()\n   }\n   ```\n').map(({ code }) => code),
      ['if (true) {\n  one()\n}'],
    )
  })

  it('refuses a block that is never closed', () => {
    assert.throws(() => snippetsOf('open.md', '```ts\nconst one = 1\n'), /open\.md:1/)
  })

  it('a snippet with a wrong type is refused by its document and line', async () => {
    const wrong = snippetsOf('wrong.md', 'Text.\n\n```ts\nconst planted: number = "text"\n```\n')
    const planted = join(root, 'build', 'snippets-planted')
    assert.match(await compile(planted, wrong), /wrong.line-4\.ts.*TS2322/)
    rmSync(planted, { recursive: true, force: true })
  })
})

/** Resolves to what the compiler has to say. */
async function compile(target: string, all: readonly Snippet[]): Promise<string> {
  writeSnippets(target, root, all)
  const { output } = await execute(
    [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', target, '--pretty', 'false'],
    {},
  )
  return output
}

function execute(list: readonly string[], extra: NodeJS.ProcessEnv): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined, ...extra }
    const child = spawn(process.execPath, list, {
      cwd: root,
      env,
      timeout: timeoutMs,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output }))
  })
}
