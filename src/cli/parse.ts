import { Argument, Command, CommanderError, Help, Option } from 'commander'
import type { Language } from '../domain/errors.ts'
import { MillraceError } from '../domain/errors.ts'
import type { CommandSpec, Given, OptionSpec } from './command.ts'
import { commandNames } from './commands.ts'
import { globalOptions } from './global-options.ts'
import { nearest } from './near.ts'
import { columnsOf } from './width.ts'

const headings: Readonly<Record<string, string>> = {
  'Usage:': '사용법:',
  'Arguments:': '인자:',
  'Options:': '옵션:',
  'Global options:': '공통 옵션:',
  'Examples:': '예시:',
}

const columnsMax = 80

/** Help that measures Hangul as two columns and keeps to 80 of them, whatever the terminal, so that it can be quoted. */
class SpokenHelp extends Help {
  readonly #language: Language

  constructor(language: Language) {
    super()
    this.#language = language
    this.helpWidth = columnsMax
  }

  override displayWidth(text: string): number {
    return columnsOf(text)
  }

  override optionDescription(option: Option): string {
    const text = super.optionDescription(option)
    return this.#language === 'ko' ? text.replace('(choices: ', '(선택: ') : text
  }

  override argumentDescription(argument: Argument): string {
    const text = super.argumentDescription(argument)
    return this.#language === 'ko' ? text.replace('(choices: ', '(선택: ') : text
  }

  override styleTitle(title: string): string {
    return this.#language === 'ko' ? (headings[title] ?? title) : title
  }
}

function optionOf(spec: OptionSpec, language: Language, group: string): Option {
  const option = new Option(spec.flags, spec.text[language]).helpGroup(group)
  if (spec.choices) option.choices(spec.choices)
  if (spec.many) option.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value])
  if (spec.required) option.makeOptionMandatory()
  return option
}

function silent(command: Command, language: Language): Command {
  return command
    .exitOverride()
    .configureOutput({ writeOut: () => {}, writeErr: () => {} })
    .helpOption('-h, --help', language === 'ko' ? '도움말' : 'Show this help')
}

function built(spec: CommandSpec, language: Language): Command {
  const command = silent(new Command(spec.name), language).description(spec.description[language])
  command.createHelp = () => new SpokenHelp(language)
  command.usage('[options]'.concat(...spec.arguments.map(({ name }) => ` ${name}`)))
  for (const { name, text, choices } of spec.arguments) {
    const argument = new Argument(name, text[language])
    command.addArgument(choices ? argument.choices(choices) : argument)
  }
  for (const option of spec.options) command.addOption(optionOf(option, language, 'Options:'))
  for (const option of globalOptions) command.addOption(optionOf(option, language, 'Global options:'))
  return command
}

/** Help of one command, examples last because they are what is read first. */
export function commandHelp(spec: CommandSpec, language: Language): string {
  const title = language === 'ko' ? '예시:' : 'Examples:'
  const examples = spec.examples.flatMap(({ line, text }) => [`  ${line}`, `      ${text[language]}`])
  const help = built(spec, language)
    .helpInformation()
    .replace(/^(\S+ )/, '$1millrace ')
  return `${help}\n${title}\n${examples.join('\n')}\n`
}

/** What stands before the command's name, the name, and what stands behind it, unread. Undefined when help was asked for. */
export function splitArguments(
  argv: readonly string[],
  language: Language,
): { readonly given: Given; readonly name: string; readonly rest: readonly string[] } | undefined {
  const root = silent(new Command('millrace'), language)
    .argument('[command]')
    .argument('[rest...]')
    .passThroughOptions()
    .enablePositionalOptions()
  for (const option of globalOptions) root.addOption(optionOf(option, language, ''))
  if (!translated('', language, () => root.parse(argv, { from: 'user' }))) return undefined
  const [name = '', ...rest] = root.args
  return { given: root.opts<Given>(), name, rest }
}

/** Reads a command's arguments. Returns undefined when they ask for help. Throws CLI_* for what it does not understand. */
export function parseArguments(
  spec: CommandSpec,
  argv: readonly string[],
  language: Language,
): { readonly args: readonly string[]; readonly given: Given } | undefined {
  const command = built(spec, language)
  const understood = translated(spec.name, language, () => command.parse(argv, { from: 'user' }))
  return understood ? { args: command.args, given: command.opts<Given>() } : undefined
}

function translated(name: string, language: Language, parse: () => unknown): boolean {
  try {
    parse()
    return true
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.code === 'commander.helpDisplayed' || error.code === 'commander.help') return false
    throw usageError(name, error, language)
  }
}

/** What commander found wrong, in our words: the English ones are its own. */
const mistakes: Readonly<Record<string, (named: string, rest: string) => string>> = {
  'commander.missingArgument': (named) => `인자 ${named}이(가) 없습니다`,
  'commander.optionMissingArgument': (named) => `옵션 ${named}에 값이 없습니다`,
  'commander.missingMandatoryOptionValue': (named) => `옵션 ${named}이(가) 필요합니다`,
  'commander.invalidArgument': (named, rest) => `${named}에 쓸 수 없는 값입니다(${rest})`,
  'commander.excessArguments': () => '인자가 너무 많습니다',
}

/** commander's mistakes in our words; its sentences name the option in quotes. */
function usageError(command: string, error: CommanderError, language: Language): MillraceError {
  const [sentence = '', suggestion] = error.message.replace(/^error: /, '').split('\n')
  if (error.code === 'commander.unknownOption') {
    const near = /Did you mean (?:one of )?(.+)\?/.exec(suggestion ?? '')?.[1] ?? '--help'
    return new MillraceError('CLI_OPTION_UNKNOWN', { option: /'([^']+)'/.exec(sentence)?.[1] ?? '', near, command })
  }
  const english = sentence.replace(/\.$/, '')
  const named = /'([^']+)'/.exec(english)?.[1] ?? ''
  const detail = language === 'ko' ? mistakes[error.code]?.(named, english) : undefined
  return new MillraceError('CLI_USAGE', { detail: detail ?? english, command }, { cause: error })
}

export function unknownCommand(name: string): MillraceError {
  const near = nearest(name, commandNames).join(', ') || commandNames.join(', ')
  return new MillraceError('CLI_COMMAND_UNKNOWN', { name, near })
}
