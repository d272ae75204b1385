/**
 * The command line as plain data, taken from the definitions of the commands themselves, so that completion knows what
 * the help knows and nothing has to be written twice.
 *
 * What a value is follows from the name that its definition gives it (`<path>`, `<file>`, `<member>`) or from its
 * choices; a value of any other name is not completed.
 */
import type { Argument, Command, Option } from 'commander'

/** What kind of word a value is. */
export type ValueKind =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'path' | 'target' | 'name' | 'member' | 'file' | 'folder' | 'nothing' }

export interface OptionShape {
  readonly short?: string
  readonly long?: string
  readonly description: string
  /** Left out: it takes no value. */
  readonly value?: ValueKind
}

export interface ArgumentShape {
  readonly isVariadic: boolean
  readonly value: ValueKind
}

export interface CommandShape {
  readonly name: string
  readonly summary: string
  readonly options: readonly OptionShape[]
  readonly arguments: readonly ArgumentShape[]
  readonly parts: readonly CommandShape[]
}

/** By the names that definitions use. */
const kindsByName: Readonly<Record<string, ValueKind['kind']>> = {
  path: 'path',
  from: 'path',
  to: 'path',
  target: 'target',
  child: 'target',
  name: 'name',
  member: 'member',
  file: 'file',
  history: 'file',
  folder: 'folder',
}

export function shapeOf(command: Command): CommandShape {
  const parts = command.commands.map(shapeOf)
  const help: OptionShape = { short: '-h', long: '--help', description: 'print this help' }
  return {
    name: command.name(),
    summary: firstSentence(command.summary() || command.description()),
    options: [...command.options.filter((option) => !option.hidden).map(optionShape), help],
    arguments: command.registeredArguments.map(argumentShape),
    parts,
  }
}

/** Each command by its path from the program (`cap show`; the program's is empty), the groups before their parts. */
export function commandsIn(program: CommandShape): readonly (readonly [path: string, command: CommandShape])[] {
  const below = (command: CommandShape, path: string): readonly (readonly [string, CommandShape])[] => [
    [path, command],
    ...command.parts.flatMap((part) => below(part, path === '' ? part.name : `${path} ${part.name}`)),
  ]
  return below(program, '')
}

/** The options that may stand after a command: its own, and those of the program. */
export function optionsAfter(program: CommandShape, command: CommandShape): readonly OptionShape[] {
  const isOwn = ({ long }: OptionShape): boolean => command.options.some((option) => option.long === long)
  return [...command.options, ...program.options.filter((option) => !isOwn(option) && option.long !== '--version')]
}

/** Options of the program that take a value, in both forms. */
export function valueOptionsOf(program: CommandShape): readonly string[] {
  return program.options.filter((option) => option.value !== undefined).flatMap(formsOf)
}

export function formsOf({ short, long }: OptionShape): readonly string[] {
  return [short, long].filter((form) => form !== undefined)
}

function optionShape(option: Option): OptionShape {
  const takesValue = option.required || option.optional
  return {
    ...(option.short !== undefined && { short: option.short }),
    ...(option.long !== undefined && { long: option.long }),
    description: option.description,
    ...(takesValue && { value: kindOf(/[<[]([^>\].]+)/.exec(option.flags)?.[1] ?? '', option.argChoices) }),
  }
}

function argumentShape(argument: Argument): ArgumentShape {
  return { isVariadic: argument.variadic, value: kindOf(argument.name(), argument.argChoices) }
}

function kindOf(name: string, choices: readonly string[] | undefined): ValueKind {
  if (choices !== undefined) return { kind: 'words', words: choices }
  const kind = Object.hasOwn(kindsByName, name) ? kindsByName[name] : undefined
  return kind === undefined || kind === 'words' ? { kind: 'nothing' } : { kind }
}

function firstSentence(text: string): string {
  return text.split('\n')[0] ?? ''
}
