/**
 * The script that completes in zsh, with what each command and option does. It may be sourced, or lie as `_cardumen` in a
 * folder of `fpath`. Values are asked of `completion --words`.
 */
import { type CommandShape, commandsIn, formsOf, optionsAfter, valueOptionsOf } from './shape.ts'

export function zshScript(program: CommandShape): string {
  const groups = program.parts.filter((part) => part.parts.length > 0).map((part) => part.name)
  const tables = commandsIn(program).map(([path, command]) => {
    const options = command === program ? program.options : optionsAfter(program, command)
    const items = options.flatMap((option) => formsOf(option).map((form) => item(form, option.description)))
    return `    ${quoted(path)}) options=(${items.join(' ')}) ;;`
  })
  const commands = program.parts.map((part) => item(part.name, part.summary))
  return `#compdef cardumen
# Completion of cardumen for zsh, made by "cardumen completion zsh".
# For this shell: source <(cardumen completion zsh)
_cardumen() {
  local -a given options lines commands
  local command='' word skip=''
  given=("\${(@Q)words[2,CURRENT-1]}")
  for word in "\${given[@]}"; do
    if [[ -n $skip ]]; then skip=''; continue; fi
    case $word in
    ${valueOptionsOf(program).join(' | ')}) skip=yes ;;
    -*) ;;
    *)
      command="$command\${command:+ }$word"
      case $command in ${groups.length > 0 ? `${groups.join(' | ')}) ;; *` : '*'}) break ;; esac
      ;;
    esac
  done
  if [[ $PREFIX == -* && $PREFIX != *=* ]]; then
    case $command in
${tables.join('\n')}
    esac
    _describe -o option options
  elif (( CURRENT == 2 )) && [[ $PREFIX != -* ]]; then
    commands=(${commands.join(' ')})
    _describe command commands
  else
    lines=("\${(@f)$("\${(Q)words[1]}" completion --words -- "\${given[@]}" "\${(Q)PREFIX}" 2>/dev/null)}")
    case \${lines[1]} in
    files) compset -P '--*='; _files ;;
    folders) compset -P '--*='; _files -/ ;;
    words)
      lines=("\${(@)lines[2,-1]}")
      compadd -S '' -- "\${(@M)lines:#*/}"
      compadd -- "\${(@)lines:#*/}"
      ;;
    esac
  fi
}
if [[ \${funcstack[1]} == _cardumen ]]; then
  _cardumen "$@"
else
  (( \${+functions[compdef]} )) || { autoload -Uz compinit && compinit; }
  compdef _cardumen cardumen
fi
`
}

function item(word: string, description: string): string {
  return quoted(`${word.replaceAll(':', '\\:')}:${description.split('\n')[0]}`)
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
