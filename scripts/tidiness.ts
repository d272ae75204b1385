/**
 * The rules on files that no compiler and no linter knows: names, length, a comment at the head, words that mark unfinished work.
 *
 * Each rule takes the files and returns a sentence for each that breaks it, so that a test can say which rule is broken and where.
 */
import { roomOf, isTest } from './rooms.ts'
import { type SourceFile, withoutComments } from './source-files.ts'

type Rule = (file: SourceFile) => string | undefined

/** A file is a fault beyond this many lines, wherever it is. Generated data is exempt by name, `*.data.ts`. */
export const linesMax = 600
/** Beyond this many it is long, and has to be in the list of those that may only shrink. */
export const linesLong = 400
/** A file of few lines may say in one line what it is. */
const linesFew = 100

/** Written apart, so that this file does not find itself. */
const unfinished = new RegExp(
  `\\b(?:${['TO', 'FIX', 'XX', 'HA'].map((start, at) => start + ['DO', 'ME', 'X', 'CK'][at]).join('|')})\\b|simplified for ${'now'}`,
)
const silencers = ['oxlint-dis', 'eslint-dis', 'biome-ig', '@ts-ig', '@ts-noch'].map(
  (start, at) => start + ['able', 'able', 'nore', 'nore', 'eck'][at],
)

const rules: Readonly<Record<string, Rule>> = {
  'no drawer named for nothing': (file) => {
    // Shared memory is a thing of its own; a drawer called "shared" is none.
    const drawer =
      /(?:^|[/.-])(utils?|helpers?|common|misc|manager|impl)(?=[/.-])/i.exec(file.path) ??
      /(?:^|\/)(shared)(?=[/.])/i.exec(file.path)
    return drawer === null ? undefined : `"${drawer[1] ?? ''}" says nothing of what it holds: name the one thing`
  },
  'kebab-case names': (file) => {
    const odd = file.path.split('/').find((part) => !/^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+)*$/.test(part))
    return odd === undefined ? undefined : `"${odd}" is not in kebab case`
  },
  'a comment at the head': (file) => {
    const head = /^(?:#![^\n]*\n)?\/\*\*([\s\S]*?)\*\//.exec(file.text)?.[1]
    const lines = (head ?? '').split('\n').filter((line) => /\w/.test(line))
    const isSmall = isTest(file.path) || file.text.split('\n').length <= linesFew
    if (lines.length >= (isSmall ? 1 : 2)) return undefined
    return 'opens without a comment that says what it is, why it is shaped so and what it does not do'
  },
  'no unfinished work': (file) => {
    const mark = unfinished.exec(file.text)
    return mark === null ? undefined : `says "${mark[0]}": finish it, or write an issue`
  },
  'no clock and no chance in closed rooms': (file) => {
    if (roomOf(file.path)?.closed !== true || isTest(file.path)) return undefined
    const call = /\b(?:Date\.now|new Date\(\)|Math\.random|performance\.now|process\.hrtime|crypto\.randomUUID)/.exec(
      withoutComments(file.text),
    )
    return call === null ? undefined : `uses ${call[0]}: take context.now, context.random or an edge`
  },
  'a silenced tool has a reason': (file) => {
    const silenced = file.text
      .split('\n')
      .find((line) => silencers.some((each) => line.includes(each)) && !/(?: -- |: )\w/.test(line))
    return silenced === undefined ? undefined : `"${silenced.trim()}" gives no reason (write "-- why")`
  },
  'an expected type error only where types are tested': (file) => {
    return file.path.endsWith('.types.test.ts') || !/^\s*\/\/ @ts-expect-error/m.test(file.text)
      ? undefined
      : 'expects a type error outside a *.types.test.ts file'
  },
  'no internal barrel': (file) => {
    const code = withoutComments(file.text)
      .split('\n')
      .filter((line) => line.trim() !== '')
    const isFace = roomOf(file.path)?.name === 'faces'
    const isBarrel =
      code.length > 0 && code.every((line) => /^export (?:type )?(?:\*|\{)|^ {2}[\w, ]+,?$|^\} from /.test(line))
    return isBarrel && !isFace && !isTest(file.path)
      ? 'only passes on what other files export: let those be imported'
      : undefined
  },
}

export const ruleNames: readonly string[] = Object.keys(rules)

/** The complaints of one rule about the files, each with the path in front. */
export function complaintsOf(ruleName: string, files: readonly SourceFile[]): readonly string[] {
  const rule = rules[ruleName]
  if (rule === undefined) throw new Error(`there is no rule "${ruleName}"`)
  return files.flatMap((file) => {
    const complaint = rule(file)
    return complaint === undefined ? [] : [`${file.path}: ${complaint}`]
  })
}

/**
 * The complaints about length. Every long file stands in the list with the lines it had; it may shrink and not grow, and when it has
 * shrunk the number follows, so that what was won is not lost again.
 */
export function lengthComplaints(
  files: readonly SourceFile[],
  longFiles: Readonly<Record<string, number>>,
): readonly string[] {
  const complaints = files.flatMap((file) => {
    const lines = file.text.split('\n').length - 1
    const allowed = longFiles[file.path]
    if (file.path.endsWith('.data.ts')) return []
    if (lines > linesMax) return [`${file.path}: ${lines} lines, ${linesMax} are the limit: split it by concept`]
    if (lines > linesLong && allowed === undefined)
      return [`${file.path}: ${lines} lines, over ${linesLong}: split it, or enter it in test/long-files.json`]
    if (allowed !== undefined && lines > allowed)
      return [`${file.path}: grew from ${allowed} lines to ${lines}: a long file may only shrink`]
    if (allowed !== undefined && lines < allowed)
      return [`${file.path}: shrank to ${lines} lines: write that into test/long-files.json (now ${allowed})`]
    return []
  })
  const gone = Object.keys(longFiles).filter((path) => !files.some((file) => file.path === path))
  return [...complaints, ...gone.map((path) => `${path}: is in test/long-files.json and not in the tree`)]
}
