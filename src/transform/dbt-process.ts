import { spawn } from 'node:child_process'
import { fromHost, toJson } from './native/jinja/json.ts'
import type { ChildProcess } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { MillraceError } from '../domain/errors.ts'
import { dbtOptions } from './dbt-options.ts'
import type { DbtOption, DbtOptionName } from './dbt-options.ts'
import type { LoggedEvent, NodeResult, NodeStatus, RunnerEvent, RunnerRequest, RunnerResult } from './runner.ts'

type OnEvent = (event: RunnerEvent) => void

/** Variables that a Python program needs from the machine; everything else is the request's. */
const MACHINE_VARIABLES = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TMPDIR', 'TEMP', 'SYSTEMROOT', 'SSL_CERT_FILE']

const commandWords: Readonly<Partial<Record<RunnerRequest['command'], readonly string[]>>> = {
  ls: ['list'],
  'source-freshness': ['source', 'freshness'],
  'docs-generate': ['docs', 'generate'],
}

/** dbt's command line for a request. Flags that are dbt's defaults are left out. */
export function dbtArguments(request: RunnerRequest): string[] {
  const { command } = request
  const takes = (name: DbtOptionName): boolean => {
    const { commands }: DbtOption = dbtOptions[name]
    return commands === undefined || commands.includes(command)
  }
  const option = (name: DbtOptionName, value: string | number | undefined): string[] =>
    value === undefined || !takes(name) ? [] : [`--${name}`, String(value)]
  const flag = (name: DbtOptionName, value: boolean | undefined, written = `--${name}`): string[] =>
    value === true && takes(name) ? [written] : []
  const several = (name: DbtOptionName, values: readonly string[] = []): string[] =>
    values.length === 0 || !takes(name) ? [] : [`--${name}`, ...values]
  const isList = command === 'ls'
  return [
    '--log-format',
    'json',
    ...globalWords(request),
    ...(commandWords[command] ?? [command]),
    ...operationWords(request),
    ...dependencyWords(request),
    ...option('project-dir', resolve(request.projectDir)),
    ...option('profiles-dir', resolve(request.profilesDir)),
    ...option('profile', request.profile),
    ...option('target', request.target),
    ...flag('store-failures', request.storeFailures),
    ...option('target-path', request.targetPath),
    ...(Object.keys(request.vars).length === 0 ? [] : ['--vars', toJson(fromHost(request.vars))]),
    ...option('threads', request.threads),
    ...several('select', request.select),
    ...several('exclude', request.exclude),
    ...option('selector', request.selector),
    ...(request.resourceTypes ?? []).flatMap((type) => option('resource-type', type)),
    ...(request.excludeResourceTypes ?? []).flatMap((type) => option('exclude-resource-type', type)),
    ...option(
      'output',
      isList ? request.output : command === 'source-freshness' ? request.sourcesPath : request.preview,
    ),
    ...several('output-keys', request.outputKeys),
    ...option('inline', request.inline),
    ...option('limit', request.limit),
    ...flag('empty', request.empty),
    ...option('event-time-start', request.eventTime?.start),
    ...option('event-time-end', request.eventTime?.end),
    ...option('sample', request.sample),
    ...flag('full-refresh', request.fullRefresh),
    ...flag('connection', request.onlyConnection),
    ...flag('clean-project-files-only', request.cleanOutside, '--no-clean-project-files-only'),
    ...docsWords(request),
  ]
}

/** Options that dbt takes before any command. */
function globalWords(request: RunnerRequest): string[] {
  const option = (name: DbtOptionName, value: string | undefined): string[] =>
    value === undefined ? [] : [`--${name}`, value]
  const executes = !['ls', 'parse', 'debug', 'deps', 'clean', 'run-operation'].includes(request.command)
  return [
    ...(request.useColors === false ? ['--no-use-colors'] : []),
    ...(request.failFast && executes ? ['--fail-fast'] : []),
    ...(request.partialParse === false ? ['--no-partial-parse'] : []),
    ...(request.checksVersion === false && request.command !== 'deps' ? ['--no-version-check'] : []),
    ...(request.writeJson === false ? ['--no-write-json'] : []),
    ...(request.defer === true ? ['--defer'] : []),
    ...(request.favorState === true ? ['--favor-state'] : []),
    ...option('state', request.statePath),
    ...option('defer-state', request.deferStatePath),
    ...option('indirect-selection', request.indirectSelection),
    ...warnErrorWords(request),
  ]
}

function warnErrorWords({ warnErrors }: RunnerRequest): string[] {
  if (warnErrors === undefined) return []
  if (warnErrors.error === 'all' && warnErrors.warn.length === 0 && warnErrors.silence.length === 0)
    return ['--warn-error']
  return ['--warn-error-options', JSON.stringify(warnErrors)]
}

function docsWords({ docs }: RunnerRequest): string[] {
  if (docs === undefined) return []
  return [
    ...(docs.compile ? [] : ['--no-compile']),
    ...(docs.emptyCatalog ? ['--empty-catalog'] : []),
    ...(docs.static ? ['--static'] : []),
  ]
}

function dependencyWords({ dependencies }: RunnerRequest): string[] {
  if (dependencies === undefined) return []
  const { upgrade, lockOnly, add, checksVersion } = dependencies
  const added = add?.version === undefined ? (add?.name ?? '') : `${add.name}@${add.version}`
  return [
    ...(upgrade ? ['--upgrade'] : []),
    ...(lockOnly ? ['--lock'] : []),
    ...(add === undefined ? [] : ['--add-package', added, '--source', add.source]),
    ...(checksVersion ? [] : ['--no-version-check']),
  ]
}

function operationWords({ operation }: RunnerRequest): string[] {
  return operation === undefined ? [] : [operation.macro, '--args', toJson(fromHost(operation.args))]
}

/** Runs dbt, turns its log into events and its artifacts into the result. Throws TRANSFORM_DBT_CORE_REFUSED for its exit code 2. */
export async function runDbt(program: string, request: RunnerRequest, onEvent: OnEvent): Promise<RunnerResult> {
  const folder = resolve(request.projectDir, request.targetPath ?? 'target')
  const before = modified(join(folder, 'run_results.json'))
  const child = spawn(program, dbtArguments(request), {
    cwd: resolve(request.projectDir),
    env: childEnvironment(request),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const stop = (): void => void child.kill('SIGINT')
  request.signal?.addEventListener('abort', stop, { once: true })
  try {
    const errors: string[] = []
    const ended: NodeResult[] = []
    const listen: OnEvent = (event) => {
      if (event.kind === 'node_finished') ended.push(event.result)
      onEvent(event)
    }
    const [code] = await Promise.all([exitCode(child), read(child, request, listen, errors)])
    const isInterrupted = request.signal?.aborted === true
    if (code !== 0 && code !== 1 && !isInterrupted)
      throw new MillraceError('TRANSFORM_DBT_CORE_REFUSED', { message: errors.join('\n') || `exit code ${code}` })
    const result = await resultOf(folder, code, before)
    // The results of freshness have a file of their own, which leaves out what could not be asked.
    return request.command === 'source-freshness' ? { ...result, nodes: ended } : result
  } finally {
    request.signal?.removeEventListener('abort', stop)
  }
}

function childEnvironment(request: RunnerRequest): Record<string, string | undefined> {
  const machine = Object.fromEntries(MACHINE_VARIABLES.map((name) => [name, process.env[name]]))
  const own = { DBT_SEND_ANONYMOUS_USAGE_STATS: 'false', DO_NOT_TRACK: '1', PYTHONUNBUFFERED: '1', PYTHONUTF8: '1' }
  return { ...machine, ...request.env, ...own }
}

function exitCode(child: ChildProcess): Promise<0 | 1 | 2> {
  return new Promise((done, failed) => {
    child.on('error', failed)
    // A dbt ended by a signal has not finished its nodes: that is a failed run, not a refused one.
    child.on('close', (code, signal) => done(signal !== null || code === 1 ? 1 : code === 0 ? 0 : 2))
  })
}

const logLine = z.object({
  info: z.object({
    name: z.string(),
    level: z.string(),
    msg: z.string().default(''),
    code: z.string().default(''),
    invocation_id: z.string().default(''),
    pid: z.number().default(0),
    thread: z.string().default(''),
    ts: z.string().default(''),
  }),
  data: z
    .looseObject({
      node_info: z.looseObject({ unique_id: z.string().default('') }).optional(),
      index: z.number().optional(),
      total: z.number().optional(),
      status: z.string().optional(),
      execution_time: z.number().optional(),
      num_failures: z.number().nullish(),
    })
    .default({}),
})
type LogData = z.output<typeof logLine>['data']

async function read(child: ChildProcess, request: RunnerRequest, onEvent: OnEvent, errors: string[]): Promise<void> {
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null)
  await Promise.all(
    streams.map(async (stream) => {
      for await (const line of createInterface({ input: stream })) report(line, request, onEvent, errors)
    }),
  )
}

const levels: Readonly<Record<string, 'debug' | 'info' | 'warn' | 'error'>> = {
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  error: 'error',
}

function report(line: string, request: RunnerRequest, onEvent: OnEvent, errors: string[]): void {
  const parsed = logLine.safeParse(jsonOr(line))
  if (!parsed.success) {
    if (line.trim() !== '') onEvent({ kind: 'log', level: 'info', message: line })
    return
  }
  const { info, data } = parsed.data
  const { index = 0, total = 0, node_info: node } = data
  if (info.name === 'LogStartLine' && node !== undefined)
    onEvent({ kind: 'node_started', uniqueId: node.unique_id, index, total })
  if (FINISHES.has(info.name) && node !== undefined) onEvent(finished(node.unique_id, data))
  if (info.level === 'error') errors.push(info.msg)
  const event: LoggedEvent = {
    name: info.name,
    code: info.code,
    data,
    invocationId: info.invocation_id,
    thread: info.thread,
    processId: info.pid,
    instant: info.ts,
  }
  if (PRINTS.has(info.name)) return onEvent({ kind: 'output', line: printed(info.msg, data, request), event })
  return onEvent({ kind: 'log', level: levels[info.level] ?? 'info', message: info.msg, event })
}

/** Under --quiet dbt leaves the titles of rows and SQL out; the log that is read here always has them. */
function printed(message: string, data: LogData, { quiet, preview }: RunnerRequest): string {
  const bare = data['preview'] ?? data['compiled']
  return quiet === true && preview !== 'json' && typeof bare === 'string' ? bare : message
}

/** What dbt prints as it is, without a time before it: lines of `ls`, rows of `show`, compiled SQL, what macros print. */
const PRINTS: ReadonlySet<string> = new Set(['ListCmdOut', 'PrintEvent', 'ShowNode', 'CompiledNode'])

/** Lines by which dbt says that a node has ended, beside the artifacts that it writes at the very end. */
const FINISHES: ReadonlySet<string> = new Set([
  'LogTestResult',
  'LogModelResult',
  'LogSeedResult',
  'LogSnapshotResult',
  'LogFreshnessResult',
  'LogNodeNoOpResult',
])

function finished(uniqueId: string, data: LogData): RunnerEvent {
  const resourceType = uniqueId.split('.')[0] ?? ''
  const word = (data.status ?? '').toLowerCase()
  const isPartial = word.startsWith('partial success')
  const status = isPartial
    ? 'partial success'
    : (statuses[word] ?? (word.startsWith('error') ? 'error' : word === '' ? 'no-op' : 'success'))
  const { index = 0, total = 0, execution_time: executionSeconds = 0 } = data
  const failures = resourceType === 'test' ? (data.num_failures ?? 0) : null
  const result: NodeResult = {
    uniqueId,
    resourceType,
    status,
    message: data.status ?? null,
    relationName: null,
    executionSeconds,
    failures,
  }
  return { kind: 'node_finished', index, total, result }
}

function jsonOr(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    // Not every line is JSON: warnings of Python's own come as text.
    return line
  }
}

const runResults = z.object({
  results: z.array(
    z.object({
      unique_id: z.string(),
      status: z.string(),
      message: z.string().nullable(),
      failures: z.number().nullable(),
      relation_name: z.string().nullable(),
      execution_time: z.number(),
    }),
  ),
})

/** dbt's statuses in the port's words: what it could not run at all is an error here. */
const statuses: Readonly<Record<string, NodeStatus>> = {
  success: 'success',
  pass: 'pass',
  fail: 'fail',
  warn: 'warn',
  skipped: 'skipped',
  error: 'error',
  'runtime error': 'error',
  'partial success': 'partial success',
  'no-op': 'no-op',
}

async function resultOf(folder: string, code: 0 | 1 | 2, before: number): Promise<RunnerResult> {
  const manifestPath = join(folder, 'manifest.json')
  const runResultsPath = join(folder, 'run_results.json')
  const manifest = existsSync(manifestPath) ? manifestPath : null
  // An older file belongs to an earlier command: this one wrote none.
  if (modified(runResultsPath) === before)
    return { exitCode: code, nodes: [], manifestPath: manifest, runResultsPath: null }
  const { results } = runResults.parse(JSON.parse(await readFile(runResultsPath, 'utf8')))
  const nodes = results.map((result): NodeResult => ({
    uniqueId: result.unique_id,
    resourceType: result.unique_id.split('.')[0] ?? '',
    status: statuses[result.status] ?? 'error',
    message: result.message,
    relationName: result.relation_name,
    executionSeconds: result.execution_time,
    failures: result.failures,
  }))
  return { exitCode: code, nodes, manifestPath: manifest, runResultsPath }
}

function modified(path: string): number {
  return existsSync(path) ? statSync(path).mtimeMs : 0
}
