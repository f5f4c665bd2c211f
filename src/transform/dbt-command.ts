import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { MillraceError } from '../domain/errors.ts'
import { YamlFile } from './native/project/yaml-file.ts'
import { runnerCommands } from './runner.ts'
import type { DependencyOptions, RunnerCommand, RunnerRequest } from './runner.ts'

/** dbt's flags that a request can carry. Values that repeat or stand after one flag are all taken, as dbt takes them. */
const flags = {
  'project-dir': { type: 'string' },
  'profiles-dir': { type: 'string' },
  profile: { type: 'string' },
  target: { type: 'string', short: 't' },
  'target-path': { type: 'string' },
  select: { type: 'string', short: 's', multiple: true },
  models: { type: 'string', short: 'm', multiple: true },
  exclude: { type: 'string', multiple: true },
  'resource-type': { type: 'string', multiple: true },
  'resource-types': { type: 'string', multiple: true },
  'exclude-resource-type': { type: 'string', multiple: true },
  'exclude-resource-types': { type: 'string', multiple: true },
  selector: { type: 'string' },
  'indirect-selection': { type: 'string' },
  state: { type: 'string' },
  output: { type: 'string' },
  'output-keys': { type: 'string', multiple: true },
  vars: { type: 'string' },
  args: { type: 'string' },
  'store-failures': { type: 'boolean' },
  threads: { type: 'string' },
  'full-refresh': { type: 'boolean', short: 'f' },
  'fail-fast': { type: 'boolean', short: 'x' },
  'no-fail-fast': { type: 'boolean' },
  'partial-parse': { type: 'boolean' },
  'no-partial-parse': { type: 'boolean' },
  'use-colors': { type: 'boolean' },
  'no-use-colors': { type: 'boolean' },
  'no-version-check': { type: 'boolean' },
  quiet: { type: 'boolean', short: 'q' },
  upgrade: { type: 'boolean' },
  lock: { type: 'boolean' },
  'add-package': { type: 'string' },
  source: { type: 'string' },
} as const

const LISTS: ReadonlySet<string> = new Set([
  '--select',
  '-s',
  '--models',
  '-m',
  '--exclude',
  '--resource-type',
  '--resource-types',
  '--exclude-resource-type',
  '--exclude-resource-types',
  '--output-keys',
])
const indirectSelections = ['eager', 'cautious', 'buildable', 'empty'] as const
const listOutputs = ['selector', 'name', 'path', 'json'] as const
const aliases: Readonly<Record<string, RunnerCommand>> = { list: 'ls' }

/**
 * Reads dbt's own command line. `env` is what `env_var` will see and where dbt's own DBT_… variables are read.
 * Throws TRANSFORM_ARGUMENT_UNKNOWN for what is not understood: usage, exit code 2, as dbt has it.
 */
export function parseDbtArguments(argv: readonly string[], env: RunnerRequest['env'], cwd: string): RunnerRequest {
  const { values, positionals } = parsed(repeatLists(argv))
  const [word, ...rest] = positionals
  const command = commandOf(word)
  const operation = command === 'run-operation' ? operationOf(rest.shift(), values.args) : undefined
  const [surplus] = rest
  if (surplus !== undefined) throw new MillraceError('TRANSFORM_ARGUMENT_UNKNOWN', { argument: surplus })
  const projectDir = values['project-dir'] ?? env['DBT_PROJECT_DIR'] ?? nearestProject(cwd)
  const select = [...(values.select ?? []), ...(values.models ?? [])]
  return {
    command,
    projectDir,
    profilesDir: values['profiles-dir'] ?? env['DBT_PROFILES_DIR'] ?? profilesFolder([cwd, projectDir], env),
    profile: values.profile ?? env['DBT_PROFILE'],
    target: values.target ?? env['DBT_TARGET'],
    targetPath: values['target-path'] ?? env['DBT_TARGET_PATH'],
    select,
    exclude: values.exclude ?? [],
    ...selectionOf(values, command, env, cwd),
    vars: mappingOf('--vars', values.vars),
    threads: threadsOf(values.threads),
    fullRefresh: values['full-refresh'] ?? false,
    partialParse:
      values['no-partial-parse'] !== true &&
      (values['partial-parse'] === true || !/^(0|f|false|n|no)$/i.test(env['DBT_PARTIAL_PARSE'] ?? '')),
    failFast: values['fail-fast'] ?? false,
    storeFailures: values['store-failures'],
    useColors: values['no-use-colors'] === true ? false : undefined,
    operation,
    dependencies: command === 'deps' ? dependenciesOf(values) : undefined,
    env,
  }
}

/** dbt looks for the project in the folder of the call and in those above it. */
function nearestProject(cwd: string): string {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'dbt_project.yml'))) return folder
    if (dirname(folder) === folder) return cwd
  }
}

/** Where profiles.yml lies: in the folder of the call, in the project, or else in `~/.dbt`. */
function profilesFolder(folders: readonly string[], env: RunnerRequest['env']): string {
  const near = folders.find((folder) => existsSync(join(folder, 'profiles.yml')))
  const home = join(env['HOME'] ?? homedir(), '.dbt')
  return near ?? (existsSync(join(home, 'profiles.yml')) ? home : (folders.at(-1) ?? home))
}

/** What `--select` and `--exclude` leave open: kinds, named selections, the earlier state, and how `ls` writes. */
function selectionOf(
  values: ReturnType<typeof parsed>['values'],
  command: RunnerCommand,
  env: RunnerRequest['env'],
  cwd: string,
): Partial<RunnerRequest> {
  const types = [...(values['resource-type'] ?? []), ...(values['resource-types'] ?? [])]
  const away = [...(values['exclude-resource-type'] ?? []), ...(values['exclude-resource-types'] ?? [])]
  // dbt's `ls --models` lists nothing but models.
  const listed = command === 'ls' && values.models !== undefined ? ['model'] : types
  const state = values.state ?? env['DBT_STATE']
  return {
    resourceTypes: listed.length === 0 ? undefined : listed,
    excludeResourceTypes: away.length === 0 ? undefined : away,
    selector: values.selector,
    indirectSelection: oneOf(
      '--indirect-selection',
      values['indirect-selection'] ?? env['DBT_INDIRECT_SELECTION'],
      indirectSelections,
    ),
    statePath: state === undefined ? undefined : resolve(cwd, state),
    output: oneOf('--output', values.output, listOutputs),
    outputKeys: values['output-keys']?.flatMap((keys) => keys.split(/\s+/)),
  }
}

/** dbt takes the newest part after `@` as the version: `dbt-labs/dbt_utils@1.3.0`. */
function dependenciesOf(values: ReturnType<typeof parsed>['values']): DependencyOptions {
  const { 'add-package': added, source } = values
  const at = added?.lastIndexOf('@') ?? -1
  const kind = oneOf('--source', source, ['hub', 'git', 'local'] as const) ?? 'hub'
  if (added !== undefined && at <= 0 && kind !== 'local')
    throw new MillraceError('TRANSFORM_ARGUMENT_UNKNOWN', { argument: `--add-package ${added}` })
  return {
    upgrade: values.upgrade === true,
    lockOnly: values.lock === true,
    checksVersion: values['no-version-check'] !== true,
    add:
      added === undefined
        ? undefined
        : {
            name: at > 0 ? added.slice(0, at) : added,
            version: at > 0 ? added.slice(at + 1) : undefined,
            source: kind,
          },
  }
}

function oneOf<Word extends string>(flag: string, given: string | undefined, words: readonly Word[]): Word | undefined {
  if (given === undefined) return undefined
  const word = words.find((known) => known === given.toLowerCase())
  if (word === undefined) throw new MillraceError('TRANSFORM_ARGUMENT_UNKNOWN', { argument: `${flag} ${given}` })
  return word
}

function parsed(argv: string[]) {
  try {
    return parseArgs({ args: argv, options: flags, allowPositionals: true })
  } catch (cause) {
    const named = /'([^']+)'/.exec(cause instanceof Error ? cause.message : '')?.[1]
    throw new MillraceError('TRANSFORM_ARGUMENT_UNKNOWN', { argument: named ?? argv.join(' ') }, { cause })
  }
}

/** `--select a b` becomes `--select a --select b`. */
function repeatLists(argv: readonly string[]): string[] {
  const result: string[] = []
  let list: string | undefined
  let taken = 0
  for (const word of argv) {
    if (word.startsWith('-')) {
      list = LISTS.has(word) ? word : undefined
      taken = 0
    } else if (list !== undefined) {
      if (taken > 0) result.push(list)
      taken += 1
    }
    result.push(word)
  }
  return result
}

function commandOf(word: string | undefined): RunnerCommand {
  const name = aliases[word ?? ''] ?? word
  const command = runnerCommands.find((known) => known === name)
  if (command === undefined) throw new MillraceError('TRANSFORM_ARGUMENT_UNKNOWN', { argument: word ?? 'no command' })
  return command
}

/** `--vars` and `--args` are YAML mappings, as dbt has it: `{a: 1}` and `'a: 1'` alike. */
function mappingOf(flag: string, text: string | undefined): Readonly<Record<string, unknown>> {
  if (text === undefined) return {}
  try {
    const value: unknown = YamlFile.parse(text, flag).leavesAt([])
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch (cause) {
    throw new MillraceError('TRANSFORM_ARGUMENT_UNKNOWN', { argument: `${flag} ${text}` }, { cause })
  }
  throw new MillraceError('TRANSFORM_ARGUMENT_UNKNOWN', { argument: `${flag} ${text}` })
}

/** `run-operation macro --args '{a: 1}'` */
function operationOf(macro: string | undefined, args: string | undefined): RunnerRequest['operation'] {
  if (macro === undefined)
    throw new MillraceError('TRANSFORM_ARGUMENT_UNKNOWN', { argument: 'run-operation without a macro' })
  return { macro, args: mappingOf('--args', args) }
}

function threadsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const threads = Number(text)
  if (!Number.isInteger(threads) || threads < 1)
    throw new MillraceError('TRANSFORM_ARGUMENT_UNKNOWN', { argument: `--threads ${text}` })
  return threads
}
