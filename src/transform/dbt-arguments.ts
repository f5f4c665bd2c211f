import { parseArgs } from 'node:util'
import { MillraceError } from '../domain/errors.ts'
import { dbtOptions } from './dbt-options.ts'
import type { DbtOption, DbtOptionName } from './dbt-options.ts'
import { runnerCommands } from './runner.ts'
import type { RunnerCommand, RunnerRequest } from './runner.ts'

type Env = RunnerRequest['env']

/** What a command line says, its variables of the environment and the flags of the project behind it. */
export class DbtArguments {
  readonly command: RunnerCommand
  /** What stands behind the command and is no option. */
  readonly words: readonly string[]
  readonly #values: Readonly<Record<string, unknown>>
  readonly #env: Env
  #flags: Readonly<Record<string, unknown>> = {}

  /** Throws TRANSFORM_ARGUMENT_UNKNOWN for a command or an option that dbt does not know, or that is another command's. */
  constructor(argv: readonly string[], env: Env) {
    const { values, positionals } = parsed(repeatLists(argv))
    const { command, words } = commandOf(positionals)
    this.command = command
    this.words = words
    this.#values = values
    this.#env = env
    for (const name of Object.keys(values)) this.#checkTaken(name)
  }

  /** dbt_project.yml's `flags`, which stand behind everything else. */
  standBehind(flags: Readonly<Record<string, unknown>>): void {
    this.#flags = flags
  }

  text(name: DbtOptionName): string | undefined {
    const value = this.#values[name] ?? this.#variable(name) ?? this.#flags[name.replaceAll('-', '_')]
    return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined
  }

  /** As it is given on the command line, in the environment or by the project; undefined when nowhere. */
  flag(name: DbtOptionName): boolean | undefined {
    const given = this.#values[name]
    if (typeof given === 'boolean') return given
    const variable = this.#variable(name)
    if (variable !== undefined && variable !== '') return truthOf(name, variable)
    const flag = this.#flags[name.replaceAll('-', '_')]
    return typeof flag === 'boolean' ? flag : undefined
  }

  /** A flag of the project that is neither text nor boolean. */
  projectFlag(name: string): unknown {
    return this.#flags[name]
  }

  list(...names: readonly DbtOptionName[]): readonly string[] {
    const given = names.flatMap((name) => (this.#values[name] ?? []) as readonly string[])
    if (given.length > 0) return given
    const [variable] = names.flatMap((name) => this.#variable(name) ?? [])
    return variable === undefined ? [] : variable.split(/\s+/).filter((word) => word !== '')
  }

  /** The newer prefix before the older one, as dbt reads them. */
  #variable(name: DbtOptionName): string | undefined {
    const { env }: DbtOption = dbtOptions[name]
    return env === undefined ? undefined : (this.#env[`DBT_ENGINE_${env}`] ?? this.#env[`DBT_${env}`])
  }

  #checkTaken(name: string): void {
    const { commands }: DbtOption = dbtOptions[name as DbtOptionName]
    if (commands !== undefined && !commands.includes(this.command)) throw unknown(`--${name}`)
  }
}

function unknown(argument: string, cause?: unknown): MillraceError {
  return new MillraceError('TRANSFORM_ARGUMENT_UNKNOWN', { argument }, { cause })
}

function truthOf(name: string, text: string): boolean {
  if (/^(?:1|t|true|y|yes|on)$/i.test(text)) return true
  if (/^(?:0|f|false|n|no|off)$/i.test(text)) return false
  throw unknown(`--${name} ${text}`)
}

/** Two words are one command: `source freshness`, `docs generate`. Of a group alone dbt prints its help. */
const groups: Readonly<Record<string, Readonly<Record<string, RunnerCommand>>>> = {
  source: { freshness: 'source-freshness', 'snapshot-freshness': 'source-freshness' },
  docs: { generate: 'docs-generate' },
}

function commandOf(positionals: readonly string[]): { command: RunnerCommand; words: readonly string[] } {
  const [word = '', ...rest] = positionals
  const group = Object.hasOwn(groups, word) ? groups[word] : undefined
  if (group !== undefined) {
    const [second = '', ...words] = rest
    const command = Object.hasOwn(group, second) ? group[second] : undefined
    if (command === undefined) throw unknown(`${word} ${second}`.trim())
    return { command, words }
  }
  const command = runnerCommands.find((known) => known === (word === 'list' ? 'ls' : word))
  if (command === undefined || command.includes('docs-') || command === 'source-freshness')
    throw unknown(word === '' ? 'no command' : word)
  return { command, words: rest }
}

function parsed(argv: string[]) {
  try {
    return parseArgs({ args: argv, options: dbtOptions, allowPositionals: true, allowNegative: true })
  } catch (cause) {
    const named = /'([^']+)'/.exec(cause instanceof Error ? cause.message : '')?.[1]
    throw unknown(named ?? argv.join(' '), cause)
  }
}

/** Every spelling of an option, by its long name. */
const spelled: ReadonlyMap<string, DbtOptionName> = new Map(
  (Object.entries(dbtOptions) as [DbtOptionName, DbtOption][]).flatMap(([name, { short }]) =>
    [`--${name}`, ...(short === undefined ? [] : [`-${short}`])].map((word) => [word, name] as const),
  ),
)

/**
 * `--select a b` becomes `--select a --select b`; the word behind an option with one value is that value, even `-1`, as dbt reads it.
 */
function repeatLists(argv: readonly string[]): string[] {
  const result: string[] = []
  let list: string | undefined
  let taken = 0
  const rest = [...argv]
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const name = spelled.get(word)
    const option: DbtOption | undefined = name === undefined ? undefined : dbtOptions[name]
    if (word.startsWith('-')) {
      list = option?.list === true ? word : undefined
      taken = 0
    } else if (list !== undefined) {
      if (taken > 0) result.push(list)
      taken += 1
    }
    const value = option?.type === 'string' && option.list !== true ? rest.shift() : undefined
    result.push(value === undefined ? word : `--${name}=${value}`)
  }
  return result
}
