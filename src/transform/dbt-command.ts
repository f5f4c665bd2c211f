import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { parse as parseYaml } from 'yaml'
import { MillraceError } from '../domain/errors.ts'
import { YamlFile } from './native/project/yaml-file.ts'
import { DbtArguments } from './dbt-arguments.ts'
import type { LogSettings } from './dbt-log.ts'
import type { DbtOptionName } from './dbt-options.ts'
import type { RunnerCommand, RunnerRequest, WarnErrors } from './runner.ts'

const indirectSelections = ['eager', 'cautious', 'buildable', 'empty'] as const
const listOutputs = ['selector', 'name', 'path', 'json'] as const
const previews = ['text', 'json'] as const
const formats = ['text', 'json', 'debug', 'default'] as const
const levels = ['debug', 'info', 'warn', 'error', 'none'] as const

/** A command line of dbt's, read: what is to be done, and how to speak of it. */
export interface DbtInvocation {
  readonly request: RunnerRequest
  readonly log: LogSettings
}

/**
 * Reads dbt's own command line. `env` is what `env_var` will see and where dbt's own DBT_… variables are read.
 * Throws TRANSFORM_ARGUMENT_UNKNOWN for what is not understood: usage, exit code 2, as dbt has it.
 */
export function parseDbtInvocation(argv: readonly string[], env: RunnerRequest['env'], cwd: string): DbtInvocation {
  const given = new DbtArguments(argv, env)
  const projectDir = nearestProject(given.text('project-dir'), cwd)
  given.standBehind(projectFlags(projectDir))
  const { command } = given
  const operation = operationOf(given)
  const request: RunnerRequest = {
    command,
    projectDir,
    profilesDir: profilesFolder(given, projectDir, cwd, env),
    profile: given.text('profile'),
    target: given.text('target'),
    targetPath: given.text('target-path'),
    ...selectionOf(given, cwd),
    ...deferralOf(given, cwd),
    ...outputOf(given),
    vars: mappingOf('--vars', given.text('vars')),
    threads: wholeOf('threads', given.text('threads')),
    fullRefresh: given.flag('full-refresh') ?? false,
    partialParse: given.flag('partial-parse') ?? true,
    checksVersion: given.flag('version-check'),
    failFast: given.flag('fail-fast') ?? false,
    storeFailures: given.flag('store-failures'),
    useColors: given.flag('use-colors') === false ? false : undefined,
    warnErrors: warnErrorsOf(given),
    writeJson: given.flag('write-json'),
    empty: given.flag('empty'),
    eventTime: eventTimeOf(given),
    sample: given.text('sample'),
    onlyConnection: given.flag('connection'),
    cleanOutside: given.flag('clean-project-files-only') === false,
    docs: docsOf(given),
    operation,
    dependencies: dependenciesOf(given),
    invocationCommand: ['dbt', ...argv].join(' '),
    env,
  }
  return { request, log: logOf(given, projectDir, cwd) }
}

/** The request alone. */
export function parseDbtArguments(argv: readonly string[], env: RunnerRequest['env'], cwd: string): RunnerRequest {
  return parseDbtInvocation(argv, env, cwd).request
}

/** The folder that is named; else the nearest one upwards that holds a project, as dbt looks for it. */
function nearestProject(named: string | undefined, cwd: string): string {
  if (named !== undefined) return resolve(cwd, named)
  for (let folder = cwd; ; folder = resolve(folder, '..')) {
    if (existsSync(join(folder, 'dbt_project.yml'))) return folder
    if (folder === resolve(folder, '..')) return cwd
  }
}

/** dbt looks where it stands, then in the home folder; the project's own comes between, which is where Millrace keeps it. */
function profilesFolder(given: DbtArguments, projectDir: string, cwd: string, env: RunnerRequest['env']): string {
  const named = given.text('profiles-dir')
  if (named !== undefined) return resolve(cwd, named)
  const home = join(env['HOME'] ?? homedir(), '.dbt')
  return [cwd, projectDir, home].find((folder) => existsSync(join(folder, 'profiles.yml'))) ?? projectDir
}

/** `flags` of dbt_project.yml, as they are written; a file that does not parse is told of when the project is read. */
function projectFlags(projectDir: string): Readonly<Record<string, unknown>> {
  const path = join(projectDir, 'dbt_project.yml')
  if (!existsSync(path)) return {}
  try {
    const content: unknown = parseYaml(readFileSync(path, 'utf8'), { version: '1.1' })
    const flags = isMapping(content) ? content['flags'] : undefined
    return isMapping(flags) ? flags : {}
  } catch {
    return {}
  }
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What `--select` and `--exclude` leave open: kinds, named selections, and the earlier state. */
function selectionOf(given: DbtArguments, cwd: string) {
  const types = given.list('resource-type', 'resource-types')
  const away = given.list('exclude-resource-type', 'exclude-resource-types')
  const models = given.list('models', 'model')
  // dbt's `ls --models` lists nothing but models.
  const listed = given.command === 'ls' && models.length > 0 ? ['model'] : types
  const state = given.text('state')
  return {
    select: [...given.list('select'), ...models],
    exclude: given.list('exclude'),
    resourceTypes: listed.length === 0 ? undefined : listed,
    excludeResourceTypes: away.length === 0 ? undefined : away,
    selector: given.text('selector'),
    indirectSelection: oneOf('indirect-selection', given.text('indirect-selection'), indirectSelections),
    statePath: state === undefined ? undefined : resolve(cwd, state),
  } satisfies Partial<RunnerRequest>
}

function deferralOf(given: DbtArguments, cwd: string): Partial<RunnerRequest> {
  const state = given.text('defer-state')
  return {
    deferStatePath: state === undefined ? undefined : resolve(cwd, state),
    defer: given.flag('defer'),
    favorState: given.flag('favor-state'),
  }
}

/** `--output` means another thing to every command that takes it. */
function outputOf(given: DbtArguments): Partial<RunnerRequest> {
  const output = given.text('output')
  const keys = given.list('output-keys')
  const inline = given.text('inline')
  if (given.command === 'ls')
    return {
      output: oneOf('output', output, listOutputs),
      outputKeys: keys.length === 0 ? undefined : keys.flatMap((key) => key.split(/\s+/)),
    }
  if (given.command === 'source-freshness') return { sourcesPath: output }
  if (inline !== undefined && given.list('select', 'models', 'model').length > 0)
    throw unknown('--inline: not allowed with argument select')
  if (given.command === 'show' && inline === undefined && isOpen(given))
    throw unknown('show: either --select or --inline must be passed')
  return {
    preview: oneOf('output', output, previews),
    limit: wholeOf('limit', given.text('limit'), -Infinity),
    inline,
    quiet: given.flag('quiet'),
  }
}

function isOpen(given: DbtArguments): boolean {
  return given.list('select', 'models', 'model').length === 0
}

function docsOf(given: DbtArguments): RunnerRequest['docs'] {
  if (given.command !== 'docs-generate') return undefined
  return {
    compile: given.flag('compile') ?? true,
    emptyCatalog: given.flag('empty-catalog') ?? false,
    static: given.flag('static') ?? false,
  }
}

/** `--event-time-start 2026-01-01 --event-time-end '2026-01-02 12:00:00'`, as run_results.json keeps them. */
function eventTimeOf(given: DbtArguments): RunnerRequest['eventTime'] {
  const [start, end] = [momentOf('event-time-start', given), momentOf('event-time-end', given)]
  if (start === undefined && end === undefined) return undefined
  if (start === undefined) throw unknown('--event-time-end without --event-time-start')
  if (end === undefined) throw unknown('--event-time-start without --event-time-end')
  if (start >= end) throw unknown('--event-time-start must be less than --event-time-end')
  return { start, end }
}

const MOMENT = /^(\d{4}-\d\d?-\d\d?)(?:[T ](\d\d?:\d\d?:\d\d?))?$/

/** A day, with or without a time of day: what dbt's command line takes. */
function momentOf(flag: DbtOptionName, given: DbtArguments): string | undefined {
  const text = given.text(flag)
  if (text === undefined) return undefined
  const [, day = '', time = '00:00:00'] = MOMENT.exec(text) ?? []
  const [year = '', month = '', date = ''] = day.split('-').map((part) => part.padStart(2, '0'))
  const clock = time.split(':').map((part) => part.padStart(2, '0'))
  const moment = `${year}-${month}-${date}T${clock.join(':')}`
  const instantMs = Date.parse(`${moment}Z`)
  const isReal = !Number.isNaN(instantMs) && new Date(instantMs).toISOString().startsWith(moment)
  if (!isReal) throw unknown(`--${flag} ${text}`)
  return moment
}

/** `--warn-error`, or `--warn-error-options '{error: all, warn: [NoNodesForSelectionCriteria]}'`. */
function warnErrorsOf(given: DbtArguments): WarnErrors | undefined {
  const isAll = given.flag('warn-error') === true
  const text = given.text('warn-error-options')
  if (isAll && text !== undefined) throw unknown('--warn-error: not allowed with argument warn_error_options')
  if (isAll) return { error: 'all', warn: [], silence: [] }
  const flags = given.projectFlag('warn_error_options')
  const options = text === undefined ? (isMapping(flags) ? flags : undefined) : mappingOf('--warn-error-options', text)
  if (options === undefined) return undefined
  const error = options['error'] ?? options['include'] ?? []
  const isEvery = error === 'all' || error === '*'
  return {
    error: isEvery ? 'all' : namesOf(error),
    warn: [...namesOf(options['warn']), ...namesOf(options['exclude'])],
    silence: namesOf(options['silence']),
  }
}

function namesOf(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  return list.filter((name) => typeof name === 'string')
}

function logOf(given: DbtArguments, projectDir: string, cwd: string): LogSettings {
  const word = (name: DbtOptionName) => oneOf(name, given.text(name), formats)
  const format = word('log-format') ?? 'default'
  const fileFormat = word('log-format-file') ?? 'default'
  const level = oneOf('log-level', given.text('log-level'), levels) ?? 'info'
  const isQuiet = given.flag('quiet') === true
  const path = given.text('log-path')
  return {
    format: format === 'default' ? 'text' : format,
    level: isQuiet ? 'error' : given.flag('debug') === true ? 'debug' : level,
    // dbt's own file is the debug one unless the console's format was chosen.
    fileFormat: fileFormat !== 'default' ? fileFormat : format === 'default' ? 'debug' : format,
    fileLevel: oneOf('log-level-file', given.text('log-level-file'), levels) ?? 'debug',
    folder: path === undefined ? resolve(projectDir, 'logs') : resolve(cwd, path),
    isPrinting: given.flag('print') ?? true,
    command: given.command,
  }
}

function unknown(argument: string, cause?: unknown): MillraceError {
  return new MillraceError('TRANSFORM_ARGUMENT_UNKNOWN', { argument }, { cause })
}

function oneOf<Word extends string>(
  flag: DbtOptionName,
  given: string | undefined,
  words: readonly Word[],
): Word | undefined {
  if (given === undefined) return undefined
  const word = words.find((known) => known === given.toLowerCase())
  if (word === undefined) throw unknown(`--${flag} ${given}`)
  return word
}

/** `--vars` and `--args` are YAML mappings, as dbt has it: `{a: 1}` and `'a: 1'` alike. */
function mappingOf(flag: string, text: string | undefined): Readonly<Record<string, unknown>> {
  if (text === undefined) return {}
  try {
    const value: unknown = YamlFile.parse(text, flag).leavesAt([])
    if (isMapping(value)) return value
  } catch (cause) {
    throw unknown(`${flag} ${text}`, cause)
  }
  throw unknown(`${flag} ${text}`)
}

/** dbt takes what stands after the last `@` for the version: `dbt-labs/dbt_utils@1.3.0`. */
function dependenciesOf(given: DbtArguments): RunnerRequest['dependencies'] {
  if (given.command !== 'deps') return undefined
  const added = given.text('add-package')
  const source = oneOf('source', given.text('source'), ['hub', 'git', 'local'] as const) ?? 'hub'
  const at = added?.lastIndexOf('@') ?? -1
  if (added !== undefined && at <= 0 && source !== 'local') throw unknown(`--add-package ${added}`)
  const [name, version] = at > 0 ? [added?.slice(0, at), added?.slice(at + 1)] : [added, undefined]
  return {
    upgrade: given.flag('upgrade') ?? false,
    lockOnly: given.flag('lock') ?? false,
    checksVersion: given.flag('version-check') ?? true,
    add: name === undefined ? undefined : { name, version, source },
  }
}

/** `run-operation macro --args '{a: 1}'`; no other command takes a word more. */
function operationOf(given: DbtArguments): RunnerRequest['operation'] {
  const isOperation: boolean = given.command === ('run-operation' satisfies RunnerCommand)
  const [first, ...rest] = given.words
  const surplus = isOperation ? rest[0] : first
  if (surplus !== undefined) throw unknown(surplus)
  if (!isOperation) return undefined
  if (first === undefined) throw unknown('run-operation without a macro')
  return { macro: first, args: mappingOf('--args', given.text('args')) }
}

function wholeOf(flag: DbtOptionName, text: string | undefined, least = 1): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text)
  if (!Number.isInteger(number) || number < least) throw unknown(`--${flag} ${text}`)
  return number
}
