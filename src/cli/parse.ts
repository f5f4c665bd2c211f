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
  if (!translated('', () => root.parse(argv, { from: 'user' }))) return undefined
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
  const understood = translated(spec.name, () => command.parse(argv, { from: 'user' }))
  return understood ? { args: command.args, given: command.opts<Given>() } : undefined
}

function translated(name: string, parse: () => unknown): boolean {
  try {
    parse()
    return true
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.code === 'commander.helpDisplayed' || error.code === 'commander.help') return false
    throw usageError(name, error)
  }
}

/** commander's mistakes in our words; its sentences name the option in quotes. */
function usageError(command: string, error: CommanderError): MillraceError {
  const [sentence = '', suggestion] = error.message.replace(/^error: /, '').split('\n')
  if (error.code === 'commander.unknownOption') {
    const near = /Did you mean (?:one of )?(.+)\?/.exec(suggestion ?? '')?.[1] ?? '–'
    return new MillraceError('CLI_OPTION_UNKNOWN', { option: /'([^']+)'/.exec(sentence)?.[1] ?? '', near, command })
  }
  return new MillraceError('CLI_USAGE', { detail: sentence.replace(/\.$/, ''), command }, { cause: error })
}

export function unknownCommand(name: string): MillraceError {
  const near = nearest(name, commandNames).join(', ') || '–'
  return new MillraceError('CLI_COMMAND_UNKNOWN', { name, near })
}
