/**
 * The script that completes in bash: names of commands and options stand in it, values it asks `completion --words` for.
 *
 * Two things of bash make it longer than the others. It breaks words at ":" and "=", which names may have, so the words
 * are put together again; and what it inserts it does not quote, so the script does. Within quotation marks it offers
 * nothing that the shell would take for more than text there: whoever enters names must not thereby run commands.
 * Paths with quotation marks in them are not completed.
 */
import { type CommandShape, commandsIn, formsOf, optionsAfter, valueOptionsOf } from './shape.ts'

export function bashScript(program: CommandShape): string {
  const tables = commandsIn(program).map(([path, command]) => {
    const options = command === program ? program.options : optionsAfter(program, command)
    return `    '${path}') options='${options.flatMap(formsOf).join(' ')}' ;;`
  })
  return `# Completion of cardumen for bash, made by "cardumen completion bash".
# For this shell: source <(cardumen completion bash)
_cardumen() {
  local command='' options='' quote='' kind i
  local words=() found=()
  COMPREPLY=()
${wordsPart}
${commandPart(program)}
  if [[ $current == -* && $current != *=* ]]; then
    case $command in
${tables.join('\n')}
    esac
    COMPREPLY=($(compgen -W "$options" -- "$current"))
  elif ((\${#words[@]} == 2)) && [[ $current != -* ]]; then
    COMPREPLY=($(compgen -W '${program.parts.map((part) => part.name).join(' ')}' -- "$current"))
  else
${valuesPart}
  fi
  if ((\${#COMPREPLY[@]} == 1)) && [[ \${COMPREPLY[0]} == */ ]]; then compopt -o nospace 2>/dev/null; fi
  return 0
}
complete -F _cardumen cardumen
`
}

/** Fills `words` with those before the cursor, whole and without quotation; the last is `current`. */
const wordsPart = `\
  local line=\${COMP_LINE:0:COMP_POINT} trimmed word
  for ((i = 0; i <= COMP_CWORD; i++)); do
    trimmed=\${line#"\${line%%[![:space:]]*}"}
    word=\${COMP_WORDS[i]:0:\${#trimmed}}
    if ((i > 0)) && [[ $trimmed == "$line" && -n $word ]]; then
      words[\${#words[@]}-1]+=$word
    else
      words+=("$word")
    fi
    line=\${trimmed#"$word"}
  done
  local current=\${words[\${#words[@]}-1]}
  [[ $current == [\\"\\']* ]] && quote=\${current:0:1}
  for ((i = 0; i < \${#words[@]}; i++)); do words[i]=\${words[i]//[\\"\\'\\\\]/}; done
  current=\${words[\${#words[@]}-1]}`

/** Fills `command`: the first word that is no option, and the second too where the first is a group. */
function commandPart(program: CommandShape): string {
  const groups = program.parts.filter((part) => part.parts.length > 0).map((part) => part.name)
  return `\
  for ((i = 1; i < \${#words[@]} - 1; i++)); do
    case \${words[i]} in
    ${valueOptionsOf(program).join(' | ')}) ((i++)) ;;
    -*) ;;
    *)
      command="$command\${command:+ }\${words[i]}"
      case $command in
      ${groups.join(' | ') || "''"}) ;;
      *) break ;;
      esac
      ;;
    esac
  done`
}

/** Only what stands behind the last break is put in: `word`, as bash has it. */
const valuesPart = `\
    {
      IFS= read -r kind
      while IFS= read -r line; do found+=("$line"); done
    } < <("$1" completion --words -- "\${words[@]:1}" 2>/dev/null)
    local IFS=$'\\n' prefix=''
    case $kind in
    files)
      compopt -o filenames 2>/dev/null
      COMPREPLY=($(compgen -f -- "\${current#--*=}"))
      ;;
    folders)
      compopt -o filenames 2>/dev/null
      COMPREPLY=($(compgen -d -- "\${current#--*=}"))
      ;;
    words)
      if [[ -n $quote ]]; then
        for line in "\${found[@]}"; do [[ $line == *[\\"\\'\\\\\\\`\\$!]* ]] || COMPREPLY+=("$line"); done
      else
        [[ $word == [:=]* ]] && word=''
        prefix=\${current%"\${word//\\\\/}"}
        for line in "\${found[@]}"; do COMPREPLY+=("$(printf %q "\${line#"$prefix"}")"); done
      fi
      ;;
    esac`
