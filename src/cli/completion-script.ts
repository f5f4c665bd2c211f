import type { Language } from '../domain/errors.ts'
import type { ListedCommand, OptionSpec } from './command.ts'
import { globalOptions } from './global-options.ts'

interface OptionWords {
  /** `--since` */
  readonly flag: string
  readonly text: string
  readonly takesValue: boolean
  readonly choices: readonly string[]
}

/** What can be typed behind one command. */
interface CommandWords {
  readonly name: string
  readonly text: string
  readonly options: readonly OptionWords[]
  /** Choices of the first argument. */
  readonly first: readonly string[]
}

const optionWords = ({ flags, text, choices }: OptionSpec, language: Language): OptionWords => ({
  flag: flags.split(/[ ,]/)[0] ?? '',
  text: text[language],
  takesValue: flags.includes('<'),
  choices: choices ?? [],
})

/** Everything that completes, from the commands' own tables. */
export function allWords(all: readonly ListedCommand[], language: Language): readonly CommandWords[] {
  return all.map(({ summary, command }) => {
    const options = command.passThrough ? [] : [...command.options, ...globalOptions]
    return {
      name: command.name,
      text: summary[language],
      options: options.map((one) => optionWords(one, language)),
      first: command.arguments[0]?.choices ?? [],
    }
  })
}

const single = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`

/** A case of the shell's: `run --format) words='a b' ;;` */
function cases(
  all: readonly CommandWords[],
  of: (one: CommandWords) => readonly (readonly [string, readonly string[]])[],
) {
  return all.flatMap((one) => of(one).map(([key, words]) => `    ${single(key)}) fits=${single(words.join(' '))} ;;`))
}

const choicesOf = ({ name, options }: CommandWords) =>
  options.filter(({ choices }) => choices.length > 0).map(({ flag, choices }) => [`${name} ${flag}`, choices] as const)
const freeOf = ({ name, options }: CommandWords) =>
  options.filter(({ takesValue, choices }) => takesValue && choices.length === 0).map(({ flag }) => `${name} ${flag}`)

/** The body that bash and zsh share: finds the command and says which words fit, or that a file does. */
function shared(commandsOnly: readonly CommandWords[]): string {
  // Before any command there are the options that all of them take.
  const before = globalOptions.map((one) => optionWords(one, 'en'))
  const all = [...commandsOnly, { name: '', text: '', options: before, first: [] }]
  const free = all.flatMap(freeOf).map(single)
  return `  local command='' count=0 before='' fits='' word
  for word in "\${typed[@]}"; do
    case "$command $before" in
${free.length > 0 ? `    ${free.join('|')}) before=$word; continue ;;\n` : ''}${cases(all, choicesOf)
    .map((line) => line.replace(/fits=.*/, 'before=$word; continue ;;'))
    .join('\n')}
    esac
    before=$word
    case "$word" in -*) continue ;; esac
    if [ -z "$command" ]; then command=$word; else count=$((count + 1)); fi
  done
  case "$command $before" in
${cases(all, choicesOf).join('\n')}
${free.length > 0 ? `    ${free.join('|')}) files=1 ;;\n` : ''}    *)
      case "$current" in
        -*) case "$command" in
${cases(all, ({ name, options }) => [[name, options.map(({ flag }) => flag)]]).join('\n')}
          *) fits=${single(globalOptions.map(({ flags }) => flags.split(' ')[0]).join(' '))} ;;
        esac ;;
        *)
          if [ -z "$command" ]; then fits=${single(commandsOnly.map(({ name }) => name).join(' '))}
          elif [ "$count" = 0 ]; then case "$command" in
${cases(all, ({ name, first }) => (first.length > 0 ? [[name, first]] : [])).join('\n')}
            *) files=1 ;;
          esac
          else files=1; fi ;;
      esac ;;
  esac`
}

function bash(all: readonly CommandWords[]): string {
  return `# bash completion of millrace
_millrace() {
  local current="\${COMP_WORDS[COMP_CWORD]}" files='' typed
  typed=("\${COMP_WORDS[@]:1:COMP_CWORD-1}")
${shared(all)}
  if [ -n "$files" ]; then COMPREPLY=($(compgen -f -- "$current")); compopt -o filenames 2>/dev/null
  else COMPREPLY=($(compgen -W "$fits" -- "$current")); fi
}
complete -F _millrace millrace
`
}

function zsh(all: readonly CommandWords[]): string {
  const summaries = all.map(({ name, text }) => `      ${single(`${name}:${text}`)}`).join('\n')
  return `#compdef millrace
# zsh completion of millrace
_millrace() {
  local current="\${words[CURRENT]}" files=''
  local -a typed offered
  typed=("\${(@)words[2,CURRENT-1]}")
${shared(all)}
  if [ -n "$files" ]; then _files
  elif [ -z "$command$before" ] && [ "\${current[1]}" != '-' ]; then
    offered=(
${summaries}
    )
    _describe command offered
  else compadd -- \${=fits}; fi
}
compdef _millrace millrace 2>/dev/null
`
}

function fish(all: readonly CommandWords[]): string {
  const names = all.map(({ name }) => name).join(' ')
  const option = (condition: string, { flag, text, takesValue, choices }: OptionWords) =>
    `complete -c millrace -n ${single(condition)} -l ${flag.slice(2)}${takesValue ? ' -r' : ''}${choices.length > 0 ? ` -f -a ${single(choices.join(' '))}` : ''} -d ${single(text)}`
  const lines = all.flatMap(({ name, text, options, first }) => {
    const behind = `__fish_seen_subcommand_from ${name}`
    return [
      `complete -c millrace -n ${single(`not __fish_seen_subcommand_from ${names}`)} -f -a ${name} -d ${single(text)}`,
      ...options.map((one) => option(behind, one)),
      ...(first.length > 0
        ? [
            `complete -c millrace -n ${single(`${behind}; and not __fish_seen_subcommand_from ${first.join(' ')}`)} -f -a ${single(first.join(' '))}`,
          ]
        : []),
    ]
  })
  return `# fish completion of millrace\n${lines.join('\n')}\n`
}

/** The script of one shell. */
export function scriptFor(shell: 'bash' | 'zsh' | 'fish', all: readonly CommandWords[]): string {
  return { bash, zsh, fish }[shell](all)
}
