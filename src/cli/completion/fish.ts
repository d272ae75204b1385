/** The script that completes in fish, with what each command and option does. Values are asked of `completion --words`. */
import { type CommandShape, commandsIn, type OptionShape, optionsAfter, valueOptionsOf } from './shape.ts'

export function fishScript(program: CommandShape): string {
  const groups = program.parts.filter((part) => part.parts.length > 0).map((part) => part.name)
  const commands = program.parts.map((part) => partLine('', part))
  const parts = program.parts.flatMap((group) => group.parts.map((part) => partLine(group.name, part)))
  const options = commandsIn(program).flatMap(([path, command]) =>
    (command === program ? program.options : optionsAfter(program, command)).map((option) => optionLine(path, option)),
  )
  return `# Completion of cardumen for fish, made by "cardumen completion fish".
# For all shells: cardumen completion fish > ~/.config/fish/completions/cardumen.fish
function __cardumen_command
    set -l command
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
            continue
        end
        switch $word
            case ${valueOptionsOf(program).join(' ')}
                set skip 1
            case '-*'
            case '*'
                set -a command $word
                if not contains -- "$command" ${groups.map(quoted).join(' ') || "''"}
                    break
                end
        end
    end
    echo "$command"
end

function __cardumen_is
    set -l command (__cardumen_command)
    test "$command" = "$argv[1]"
end

function __cardumen_values
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program $words[1]
    set -l lines ($program completion --words -- $words[2..-1] "$current" 2>/dev/null)
    switch "$lines[1]"
        case files
            __fish_complete_path "$current"
        case folders
            __fish_complete_directories "$current"
        case words
            printf '%s\\n' $lines[2..-1]
    end
end

complete -c cardumen -f
complete -c cardumen -n 'not __cardumen_is ""' -a '(__cardumen_values)'
${[...commands, ...parts, ...options].join('\n')}
`
}

function partLine(group: string, { name, summary }: CommandShape): string {
  return `complete -c cardumen -n ${quoted(`__cardumen_is "${group}"`)} -a ${quoted(name)} -d ${quoted(summary)}`
}

function optionLine(path: string, { short, long, description, value }: OptionShape): string {
  return [
    `complete -c cardumen -n ${quoted(`__cardumen_is "${path}"`)}`,
    ...(short === undefined ? [] : [`-s ${short.slice(1)}`]),
    ...(long === undefined ? [] : [`-l ${long.slice(2)}`]),
    ...(value === undefined ? [] : [`-x -a '(__cardumen_values)'`]),
    `-d ${quoted(description.split('\n')[0] ?? '')}`,
  ].join(' ')
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
