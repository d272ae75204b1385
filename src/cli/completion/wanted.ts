/**
 * What may stand where the cursor is: reads the words of a line as the command line itself would, up to the last, which
 * is the one to complete.
 */
import { type CommandShape, type OptionShape, optionsAfter, type ValueKind } from './shape.ts'

export interface Wanted {
  readonly value: ValueKind
  /** What is there already of the word. */
  readonly start: string
  /** What stands before it in the same word, as in `--home=fol`. */
  readonly before: string
  /** The values of the options so far, by their long names, such as `--home`. */
  readonly given: ReadonlyMap<string, string>
}

/** @param words - what stands after the name of the program; the last may be empty. */
export function wantedBy(program: CommandShape, words: readonly string[]): Wanted {
  const given = new Map<string, string>()
  const start = words.at(-1) ?? ''
  let command = program
  let position = 0
  let open: OptionShape | undefined
  let isOptionsOver = false
  for (const word of words.slice(0, -1)) {
    if (open !== undefined) {
      given.set(open.long ?? '', word)
      open = undefined
    } else if (word === '--') isOptionsOver = true
    else if (!isOptionsOver && word.startsWith('-') && word !== '-') open = optionAt(program, command, word, given)
    else {
      const part = position === 0 ? command.parts.find((each) => each.name === word) : undefined
      if (part === undefined) position++
      else command = part
    }
  }
  const option = open
  if (option?.value !== undefined) return { value: option.value, start, before: '', given }
  if (!isOptionsOver && start.startsWith('-')) return optionsAt(program, command, start, given)
  return { value: valueAt(command, position), start, before: '', given }
}

/** The option whose value the next word is. */
function optionAt(
  program: CommandShape,
  command: CommandShape,
  word: string,
  given: Map<string, string>,
): OptionShape | undefined {
  const [name = '', value] = word.split(/=(.*)/s)
  const option = optionsOf(program, command).find((each) => each.long === name || each.short === name)
  if (option?.value === undefined) return undefined
  if (value === undefined) return option
  given.set(option.long ?? name, value)
  return undefined
}

function optionsAt(
  program: CommandShape,
  command: CommandShape,
  start: string,
  given: ReadonlyMap<string, string>,
): Wanted {
  const options = optionsOf(program, command)
  const [name = '', value] = start.split(/=(.*)/s)
  const option = options.find((each) => each.long === name)
  if (value !== undefined && option?.value !== undefined)
    return { value: option.value, start: value, before: `${name}=`, given }
  const words = options.map(({ long, short }) => long ?? short ?? '')
  return { value: { kind: 'words', words }, start, before: '', given }
}

function optionsOf(program: CommandShape, command: CommandShape): readonly OptionShape[] {
  return command === program ? program.options : optionsAfter(program, command)
}

function valueAt(command: CommandShape, position: number): ValueKind {
  if (position === 0 && command.parts.length > 0)
    return { kind: 'words', words: command.parts.map((part) => part.name) }
  const last = command.arguments.at(-1)
  const argument = command.arguments[position] ?? (last?.isVariadic === true ? last : undefined)
  return argument?.value ?? { kind: 'nothing' }
}
