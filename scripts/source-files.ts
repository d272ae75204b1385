/**
 * The files of this checkout that people write, and what can be read off their text: imports, and code without comments.
 *
 * Reading is by pattern, not by a parser: TypeScript 7 offers none to JavaScript, and the patterns meet formatted code only.
 */
import { type Dirent, readdirSync, readFileSync } from 'node:fs'
import { join, posix, relative, sep } from 'node:path'

export type SourceFile = {
  /** Relative to the root, with forward slashes on every system. */
  readonly path: string
  readonly text: string
}

/** Built, installed and hidden folders are nobody's source. */
const foldersLeftOut = new Set(['node_modules', 'build'])

/** Every file under the given folders of the root whose name ends in one of the endings, in the order of their paths. */
export function sourceFiles(
  root: string,
  folders: readonly string[],
  endings: readonly string[],
): readonly SourceFile[] {
  return folders
    .flatMap((folder) => pathsUnder(join(root, folder)))
    .filter((path) => endings.some((ending) => path.endsWith(ending)))
    .map((path) => ({ path: relative(root, path).split(sep).join('/'), text: readFileSync(path, 'utf8') }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

/** What a file imports, with relative specifiers resolved against the root; packages and Node's modules as they are written. */
export function importsOf(file: SourceFile): readonly string[] {
  const code = withoutComments(file.text)
  const patterns = [
    /^\s*(?:import|export)\b[^'";]*?\bfrom\s*(['"])([^'"]+)\1/gm,
    /^\s*import\s*(['"])([^'"]+)\1/gm,
    /\bimport\s*\(\s*(['"])([^'"]+)\1/g,
  ]
  const specifiers = patterns.flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[2] ?? ''))
  return specifiers.map((each) => (each.startsWith('.') ? posix.join(posix.dirname(file.path), each) : each))
}

/** The code alone; lines keep their numbers. Text in strings that looks like a comment is lost too, which none of the uses minds. */
export function withoutComments(text: string): string {
  const blocksOut = text.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ''))
  return blocksOut.replace(/(^|[^:'"`])\/\/[^\n]*/g, '$1')
}

function pathsUnder(folder: string): readonly string[] {
  return entriesOf(folder).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return foldersLeftOut.has(entry.name) || entry.name.startsWith('.') ? [] : pathsUnder(path)
    return entry.isFile() ? [path] : []
  })
}

/** A folder of the table may not be there yet. */
function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
