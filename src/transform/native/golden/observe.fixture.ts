import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import type { Bench } from '../../bench.fixture.ts'
import type { Runner, RunnerEvent } from '../../runner.ts'
import type { Step } from './step.fixture.ts'
import { goldenProject } from './project.fixture.ts'
import { timedProject } from './timed.fixture.ts'
import { viewsProject } from './views.fixture.ts'
import { wrongProject } from './wrong.fixture.ts'

/** What both runners must leave alike: statuses and messages, SQL as it was compiled and run, entries of the manifest, relations. */
export interface Observed {
  readonly exitCode: number
  readonly results: Readonly<Record<string, unknown>>
  readonly compiled: Readonly<Record<string, string>>
  readonly run: Readonly<Record<string, string>>
  readonly manifest: Readonly<Record<string, unknown>>
  readonly relations: readonly string[]
  /** What was said: the code and the keys of the data of every kind of event. */
  readonly events: Readonly<Record<string, unknown>>
  /** Lines as they were said, without what they took. */
  readonly lines?: readonly string[]
  readonly rows?: readonly string[]
}

const projects = { golden: goldenProject, timed: timedProject, wrong: wrongProject, views: viewsProject }

export async function writeProject(bench: Bench): Promise<string> {
  const folder = join(bench.projectDir, '..')
  for (const [name, files] of Object.entries(projects))
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name, path)), { recursive: true })
      await writeFile(join(folder, name, path), text)
    }
  return folder
}

/** Runs the step and reads what it left behind. */
export async function observe(bench: Bench, runner: Runner, parent: string, step: Step): Promise<Observed> {
  const { request, project = 'golden' } = step
  const folder = join(parent, project)
  const target = join(folder, 'target')
  const { result, events } = await bench.invoke(runner, {
    schema: project,
    projectDir: folder,
    profilesDir: folder,
    targetPath: 'target',
    ...request,
  })
  return {
    exitCode: result.exitCode,
    results: result.runResultsPath === null ? {} : resultsOf(read(result.runResultsPath)),
    compiled: texts(join(target, 'compiled')),
    run: project === 'views' ? bare(texts(join(target, 'run'))) : texts(join(target, 'run')),
    manifest: request.command === 'build' && project !== 'wrong' ? manifestOf(read(join(target, 'manifest.json'))) : {},
    relations: await relationsOf(bench, project),
    events: eventsOf(events),
    ...(step.project !== 'timed' ? {} : { lines: linesOf(events) }),
    ...(step.rows === undefined ? {} : { rows: (await bench.rows(step.rows)).map((row) => JSON.stringify(row)) }),
  }
}

type Entry = Readonly<Record<string, unknown>>

/** Kinds of event that say how an invocation went; others are about the inner life of a runner. */
const COMPARED: ReadonlySet<string> = new Set([
  'MainReportVersion',
  'AdapterRegistered',
  'FoundStats',
  'ConcurrencyLine',
  'LogStartLine',
  'LogModelResult',
  'LogSeedResult',
  'LogSnapshotResult',
  'LogTestResult',
  'LogNodeNoOpResult',
  'LogStartBatch',
  'LogBatchResult',
  'MicrobatchModelNoEventTimeInputs',
  'InvalidConcurrentBatchesConfig',
  'SkippingDetails',
  'FinishedRunningStats',
  'EndOfRunSummary',
  'RunResultFailure',
  'RunResultError',
  'RunResultWarning',
  'RunResultWarningMessage',
  'SQLCompiledPath',
  'StatsLine',
])

function eventsOf(events: readonly RunnerEvent[]): Entry {
  const found = new Map<string, { code: string; level: Set<string>; keys: Set<string> }>()
  for (const said of events) {
    if (said.kind !== 'log' || said.event === undefined || !COMPARED.has(said.event.name)) continue
    const { name, code, data } = said.event
    const held = found.get(name) ?? { code, level: new Set<string>(), keys: new Set<string>() }
    held.level.add(said.level)
    for (const key of keysOf(data)) held.keys.add(key)
    found.set(name, held)
  }
  const entries = [...found].sort(([left], [right]) => (left < right ? -1 : 1))
  return Object.fromEntries(
    entries.map(([name, { code, level, keys }]) => [name, { code, level: [...level].sort(), keys: [...keys].sort() }]),
  )
}

const SPOKEN: ReadonlySet<string> = new Set([...COMPARED, 'GenericExceptionOnRun'])

function linesOf(events: readonly RunnerEvent[]): string[] {
  return events.flatMap((said) => {
    if (said.kind !== 'log' || said.event === undefined) return []
    const { name } = said.event
    return SPOKEN.has(name) && !UNLIKE.has(name) ? [plainLine(said.message)] : []
  })
}

/** Without colours, what it took, and where it is wrapped: dbt counts the letters of its colours. */
function plainLine(message: string): string {
  const bare = stripVTControlCharacters(message).replace(MACRO_STACK, '')
  const timeless = bare.replaceAll(/in \d+\.\d+s/g, 'in T').replaceAll(TEMPORARY, '__dbt_tmp$1N')
  return timeless.startsWith('[WARNING]') ? timeless.replaceAll(/\s+/g, ' ') : timeless
}

/** Counts of macros, which differ with the library. */
const UNLIKE: ReadonlySet<string> = new Set(['FoundStats', 'FinishedRunningStats'])

/** The keys of the data, and of the node within it. */
function keysOf(data: Entry): string[] {
  const { node_info: node, stats } = data
  const within = (prefix: string, value: unknown): string[] =>
    typeof value === 'object' && value !== null ? Object.keys(value).map((key) => `${prefix}.${key}`) : []
  return [...Object.keys(data), ...within('node_info', node), ...within('stats', stats)]
}

function read(path: string): Entry {
  return JSON.parse(readFileSync(path, 'utf8')) as Entry
}

/** Which macros stood around an error differs: the library of macros is our own. */
const MACRO_STACK = /\n +\n +> in \w+ [\s\S]*$/

/** A temporary relation ends with the twelve digits of the hour, minute, second and microsecond in which it was named; a batch's stand before them. */
const TEMPORARY = /__dbt_tmp(_\d{4,8}(?:T\d\d)?)?\d{12}(?!\d)/g

function resultsOf({ results }: Entry): Entry {
  const kept = ['status', 'message', 'failures', 'compiled', 'relation_name', 'adapter_response', 'batch_results']
  return Object.fromEntries(
    (results as Entry[]).map((result) => {
      const entry = Object.fromEntries(kept.map((key) => [key, result[key]]))
      const message = typeof entry['message'] === 'string' ? entry['message'].replace(MACRO_STACK, '') : null
      return [result['unique_id'], pruned({ ...entry, message: message?.trimEnd() })]
    }),
  )
}

/** Parts of the manifest, without what is empty, of another moment, or of another library of macros. */
function manifestOf(manifest: Entry): Entry {
  const parts = [
    'nodes',
    'sources',
    'exposures',
    'groups',
    'unit_tests',
    'disabled',
    'parent_map',
    'child_map',
    'group_map',
  ]
  return Object.fromEntries(parts.map((part) => [part, pruned(manifest[part])]))
}

const LEFT_OUT: ReadonlySet<string> = new Set([
  'created_at',
  'root_path',
  'compiled_path',
  'build_path',
  'raw_code',
  'compiled_code',
  'extra_ctes',
  'macros',
])

/** What dbt keeps as sets: their order is chance. */
const UNORDERED: ReadonlySet<string> = new Set(['sources', 'nodes'])

function sorted(value: unknown): unknown {
  if (!Array.isArray(value)) return value
  return value.toSorted((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1))
}

function pruned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => pruned(item))
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value)
    .filter(([key]) => !LEFT_OUT.has(key))
    .map(([key, item]): [string, unknown] => [key, pruned(UNORDERED.has(key) ? sorted(item) : item)])
    .filter(([, item]) => !isEmpty(item))
  return Object.fromEntries(kept.sort(([left], [right]) => (left < right ? -1 : 1)))
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

/** Files below a folder, with names of temporary relations made alike. */
function texts(folder: string): Readonly<Record<string, string>> {
  if (!existsSync(folder)) return {}
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && entry.name.endsWith('.sql') && !isShared(entry.parentPath),
  )
  const found = entries.map((entry): [string, string] => {
    const path = join(entry.parentPath, entry.name)
    return [path.slice(folder.length + 1), readFileSync(path, 'utf8').replaceAll(TEMPORARY, '__dbt_tmp$1N')]
  })
  return Object.fromEntries(found.sort(([left], [right]) => (left < right ? -1 : 1)))
}

/** Without what the library of macros is free in: blanks, its comments, and names of indexes, which are a hash of the moment. */
function bare(found: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const plain = (text: string): string =>
    text
      .replaceAll(/--.*$/gm, '')
      .replaceAll(/"[0-9a-f]{32}"/g, '"INDEX"')
      .replaceAll(/\s+/g, ' ')
      .replaceAll(/ ?; ?/g, ';')
      .trim()
  return Object.fromEntries(Object.entries(found).map(([path, text]) => [path, plain(text)]))
}

/** The inputs of unit tests: every test writes the file of an input anew, and which one does so last is chance. */
function isShared(folder: string): boolean {
  return folder.endsWith('units/s.yml')
}

async function relationsOf(bench: Bench, schema: string): Promise<readonly string[]> {
  const rows = await bench.rows(`
    select format('%s.%s %s %s: %s', n.nspname, c.relname, c.relkind, c.relpersistence,
      string_agg(format('%s %s%s', a.attname, format_type(a.atttypid, a.atttypmod), case when a.attnotnull then ' not null' else '' end), ', ' order by a.attnum))
      || coalesce((select ' | ' || string_agg(pg_get_constraintdef(k.oid), ', ' order by k.contype, pg_get_constraintdef(k.oid)) from pg_constraint k where k.conrelid = c.oid), '')
      || coalesce(' | ' || obj_description(c.oid), '')
      || coalesce((select ' | ' || count(*) || ' indexes' from pg_index i where i.indrelid = c.oid having count(*) > 0), '')
    from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where n.nspname like '${schema}%' and c.relkind in ('r', 'v', 'm') group by c.oid, n.nspname, c.relname, c.relkind, c.relpersistence order by 1`)
  return rows.map(([text]) => String(text))
}
