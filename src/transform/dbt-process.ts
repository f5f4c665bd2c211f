import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { MillraceError } from '../domain/errors.ts'
import { fromHost, toJson } from './native/jinja/json.ts'
import type { NodeResult, NodeStatus, RunnerEvent, RunnerRequest, RunnerResult } from './runner.ts'

type OnEvent = (event: RunnerEvent) => void

/** Variables that a Python program needs from the machine; everything else is the request's. */
const MACHINE_VARIABLES = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TMPDIR', 'TEMP', 'SYSTEMROOT', 'SSL_CERT_FILE']

const commandWords: Readonly<Partial<Record<RunnerRequest['command'], string>>> = { ls: 'list' }

/** dbt's command line for a request. Flags that are dbt's defaults are left out. */
export function dbtArguments(request: RunnerRequest): string[] {
  const { command } = request
  const selects = ['build', 'run', 'test', 'seed', 'snapshot', 'compile', 'ls'].includes(command)
  const executes = ['build', 'run', 'test', 'seed', 'snapshot', 'compile'].includes(command)
  const option = (flag: string, value: string | undefined): string[] => (value === undefined ? [] : [flag, value])
  return [
    '--log-format',
    'json',
    ...(request.useColors === false ? ['--no-use-colors'] : []),
    ...(request.failFast && executes ? ['--fail-fast'] : []),
    ...(request.partialParse === false ? ['--no-partial-parse'] : []),
    commandWords[command] ?? command,
    ...operationWords(request),
    ...dependencyWords(request),
    ...option('--project-dir', resolve(request.projectDir)),
    ...option('--profiles-dir', resolve(request.profilesDir)),
    ...option('--profile', request.profile),
    ...option('--target', request.target),
    ...(request.storeFailures === true && (command === 'build' || command === 'test') ? ['--store-failures'] : []),
    ...(command === 'debug' ? [] : option('--target-path', request.targetPath)),
    ...(Object.keys(request.vars).length === 0 ? [] : ['--vars', toJson(fromHost(request.vars))]),
    ...(executes ? option('--threads', request.threads?.toString()) : []),
    ...(selects ? selectionWords(request) : []),
    ...(selects && !['run', 'test', 'seed', 'snapshot'].includes(command)
      ? (request.resourceTypes ?? []).flatMap((type) => ['--resource-type', type])
      : []),
    ...(request.fullRefresh && executes && command !== 'test' && command !== 'snapshot' ? ['--full-refresh'] : []),
  ]
}

function selectionWords(request: RunnerRequest): string[] {
  const option = (flag: string, value: string | undefined): string[] => (value === undefined ? [] : [flag, value])
  const several = (flag: string, values: readonly string[] = []): string[] =>
    values.length === 0 ? [] : [flag, ...values]
  return [
    ...several('--select', request.select),
    ...several('--exclude', request.exclude),
    ...option('--selector', request.selector),
    ...option('--indirect-selection', request.indirectSelection),
    ...option('--state', request.statePath),
    ...(request.excludeResourceTypes ?? []).flatMap((type) => ['--exclude-resource-type', type]),
    ...(request.command === 'ls' ? option('--output', request.output) : []),
    ...(request.command === 'ls' ? several('--output-keys', request.outputKeys) : []),
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
    const [code] = await Promise.all([exitCode(child), read(child, request, onEvent, errors)])
    if (code !== 0 && code !== 1)
      throw new MillraceError('TRANSFORM_DBT_CORE_REFUSED', { message: errors.join('\n') || `exit code ${code}` })
    return await resultOf(folder, code, before)
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
  info: z.object({ name: z.string(), level: z.string(), msg: z.string().default('') }),
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
    return onEvent({ kind: 'node_started', uniqueId: node.unique_id, index, total })
  if (FINISHES.has(info.name) && node !== undefined) return onEvent(finished(node.unique_id, data))
  if (LISTS.has(info.name) && request.command === 'ls') return onEvent({ kind: 'output', line: info.msg })
  if (info.level === 'error') errors.push(info.msg)
  return onEvent({ kind: 'log', level: levels[info.level] ?? 'info', message: info.msg })
}

/** What `dbt list` prints each line by: the second since dbt-core 1.11, the first before it. */
const LISTS: ReadonlySet<string> = new Set(['ListCmdOut', 'PrintEvent'])

/** Lines by which dbt says that a node has ended, beside the artifacts that it writes at the very end. */
const FINISHES: ReadonlySet<string> = new Set(['LogTestResult', 'LogModelResult', 'LogSeedResult'])

function finished(uniqueId: string, data: LogData): RunnerEvent {
  const resourceType = uniqueId.split('.')[0] ?? ''
  const word = (data.status ?? '').toLowerCase()
  const status = statuses[word] ?? (word.startsWith('error') ? 'error' : 'success')
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
  'partial success': 'error',
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
