/**
 * Takes the programs out of our documents, so that a test can compile them and run those that say so.
 *
 * A block that opens with ```ts is compiled as a module of its own, named after its document and line. Words after `ts` say more:
 * `run` has it executed, and a name that ends in `.ts` gives it that name, so that another block of the same document can import it.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

export type Snippet = {
  /** The document, relative to the root, and the line on which the code starts. */
  readonly source: string
  readonly code: string
  /** Folder and name that it is written to, relative to the folder for all snippets. */
  readonly path: string
  readonly isRun: boolean
}

export function snippetsOf(document: string, text: string): readonly Snippet[] {
  const lines = text.split('\n')
  const folder = document.toLowerCase().replace(/\.md$/, '').replaceAll('/', '-')
  return lines.flatMap((line, at) => {
    const words = /^( *)```(?:ts|typescript)(?:\s+(.*))?$/.exec(line)
    if (words === null) return []
    const indentation = words[1] ?? ''
    const end = lines.indexOf(`${indentation}\`\`\``, at + 1)
    if (end === -1) throw new Error(`${document}:${at + 1}: this block is never closed`)
    const marks = (words[2] ?? '').split(/\s+/)
    const name = marks.find((mark) => mark.endsWith('.ts')) ?? `line-${at + 2}.ts`
    const code = lines
      .slice(at + 1, end)
      .map((each) => (each.startsWith(indentation) ? each.slice(indentation.length) : each))
      .join('\n')
    return [{ source: `${document}:${at + 2}`, code, path: join(folder, basename(name)), isRun: marks.includes('run') }]
  })
}

/** Writes the snippets below the folder, with a project for the compiler. What was in the folder is gone. */
export function writeSnippets(folder: string, root: string, snippets: readonly Snippet[]): void {
  rmSync(folder, { recursive: true, force: true })
  for (const snippet of snippets) {
    const path = join(folder, snippet.path)
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, `${snippet.code}\n`)
  }
  const project = {
    extends: join(root, 'tsconfig.base.json'),
    compilerOptions: { composite: false, declaration: false, noEmit: true, moduleDetection: 'force' },
    files: [...snippets.map((snippet) => snippet.path), join(root, 'src', 'wire', 'msgpackr.d.ts')],
  }
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(project))
}
