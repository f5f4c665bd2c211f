import { dbtOptions } from './dbt-options.ts'
import type { DbtOption } from './dbt-options.ts'
import { pinnedDbt } from './dbt-install.ts'
import { runnerCommands } from './runner.ts'
import type { RunnerCommand } from './runner.ts'

const COLUMNS = 80
const INDENT = '  '

const words: Readonly<Partial<Record<RunnerCommand, string>>> = {
  'source-freshness': 'source freshness',
  'docs-generate': 'docs generate',
}

/** What `--help` behind a command of dbt's prints: the options that it takes; of no command, the commands. */
export function dbtHelp(argv: readonly string[]): string {
  const [first = '', second = ''] = argv.filter((word) => !word.startsWith('-'))
  const wanted = [`${first} ${second}`, first === 'list' ? 'ls' : first]
  const command = runnerCommands.find((one) => wanted.includes(words[one] ?? one))
  if (command === undefined) {
    const names = runnerCommands.map((one) => words[one] ?? one)
    return `Usage: dbt COMMAND [OPTIONS]\n\nCommands:\n${wrapped(names)}\n`
  }
  const taken = Object.entries<DbtOption>(dbtOptions).filter(
    ([, { commands }]) => commands === undefined || commands.includes(command),
  )
  const operation = command === 'run-operation' ? ' MACRO' : ''
  const listed = taken.map(([name, option]) => usage(name, option))
  return `Usage: dbt ${words[command] ?? command}${operation} [OPTIONS]\n\nOptions:\n${wrapped(listed)}\n`
}

function usage(name: string, { type, short, list }: DbtOption): string {
  const value = type === 'boolean' ? '' : list === true ? ' WORD...' : ` ${name.split('-').at(-1)?.toUpperCase() ?? ''}`
  return `${short === undefined ? '' : `-${short}, `}--${name}${value}`
}

/** As many to a line as there is room for. */
function wrapped(parts: readonly string[]): string {
  const lines: string[] = []
  for (const part of parts) {
    const last = lines.at(-1)
    if (last === undefined || last.length + part.length + INDENT.length > COLUMNS) lines.push(INDENT + part)
    else lines[lines.length - 1] = `${last}${INDENT}${part}`
  }
  return lines.join('\n')
}

/** What `--version` prints, in dbt's shape. */
export function dbtVersion(runner: string): string {
  return `Core:\n  - installed: ${pinnedDbt.core}\n\nPlugins:\n  - postgres: ${pinnedDbt.postgres}\n\nRunner: ${runner}\n`
}
