import { join } from 'node:path'
import { artifactPath } from './manifest-file.ts'
import type { Manifest, Node } from '../parse/nodes.ts'
import { counted } from './journal.ts'
import type { Journal } from './journal.ts'
import { nodeInfo } from './journal-nodes.ts'
import type { Outcome } from './run-node.ts'
import type { Target } from '../project/profile.ts'
import { DBT_VERSION } from '../context/base-names.ts'

/** The release of dbt's own adapter whose behaviour this runner keeps to. */
const ADAPTER_VERSION = '1.11.0'

/** The first words of every invocation that reads a project. */
export function sayBeginning(journal: Journal): void {
  const version = `=${DBT_VERSION}`
  journal.say('info', ['MainReportVersion', 'A001'], `Running with dbt${version}`, { log_version: 3, version })
}

export function sayAdapter(journal: Journal): void {
  const data = { adapter_name: 'postgres', adapter_version: `=${ADAPTER_VERSION}` }
  journal.say('info', ['AdapterRegistered', 'E034'], `Registered adapter: postgres=${ADAPTER_VERSION}`, data)
}

/** In dbt's order: as its parsers read, sources and what is described behind them. */
function kindRank(node: Node): number {
  if (node.resourceType === 'snapshot') return node.originalFilePath.endsWith('.sql') ? 1 : 6
  if (node.resourceType === 'test') return node.genericTest === null ? 3 : 7
  return ['model', 'snapshot', 'analysis', 'test', 'seed', 'operation'].indexOf(node.resourceType)
}

export function sayFound(journal: Journal, manifest: Manifest): void {
  const counts = new Map<string, number>()
  const add = (type: string, count = 1): void => void counts.set(type, (counts.get(type) ?? 0) + count)
  for (const node of [...manifest.nodes.values()].sort((left, right) => kindRank(left) - kindRank(right)))
    add(node.resourceType)
  const described = (type: string): number =>
    [...manifest.described.values()].filter((entry) => entry.resourceType === type).length
  add('source', manifest.sources.size)
  add('exposure', described('exposure'))
  add('metric', described('metric'))
  add('macro', manifest.macros.size)
  for (const type of ['group', 'semantic_model', 'saved_query', 'unit_test']) add(type, described(type))
  const line = [...counts]
    .filter(([, count]) => count > 0)
    .map(([type, count]) => counted(count, type))
    .join(', ')
  journal.say('info', ['FoundStats', 'W006'], `Found ${line}`, { stat_line: line })
}

/** Configuration of the project that is for nothing in it. */
export function sayUnused(journal: Journal, paths: readonly string[]): void {
  if (paths.length === 0) return
  const list = paths.map((path) => `- ${path}`).join('\n')
  const text = `[WARNING]: Configuration paths exist in your dbt_project.yml file which do not apply to any resources.\nThere are ${paths.length} unused configuration paths:\n${list}`
  journal.warn(['UnusedResourceConfigPath', 'I051'], text, { unused_config_paths: paths })
}

export function sayConcurrency(journal: Journal, { threads, name }: Target, nodes: number): void {
  journal.blank()
  journal.say('info', ['ConcurrencyLine', 'Q027'], `Concurrency: ${threads} threads (target='${name}')`, {
    node_count: nodes,
    num_threads: threads,
    target_name: name,
  })
  journal.blank()
}

export function sayNothingToDo(journal: Journal): void {
  const text = 'Nothing to do. Try checking your model configs and model specification args'
  journal.warn(['NothingToDo', 'Q035'], text)
}

const SECONDS_PER_MINUTE = 60
const SECONDS_PER_HOUR = 3600

/** `Finished running 1 seed, 2 view models in 0 hours 0 minutes and 1.28 seconds (1.28s).` */
export function sayFinishedRunning(
  journal: Journal,
  nodes: readonly { readonly resourceType: string; readonly config: Readonly<Record<string, unknown>> }[],
  seconds: number,
): void {
  const counts = new Map<string, number>()
  for (const { resourceType, config } of nodes) {
    const type =
      resourceType === 'model'
        ? `${String(config['materialized'])} model`
        : resourceType === 'operation'
          ? 'project hook'
          : resourceType
    counts.set(type, (counts.get(type) ?? 0) + 1)
  }
  const line = [...counts]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([type, count]) => counted(count, type))
    .join(', ')
  const hours = Math.floor(seconds / SECONDS_PER_HOUR)
  const minutes = Math.floor(seconds / SECONDS_PER_MINUTE)
  const rest = (seconds % SECONDS_PER_MINUTE).toFixed(2)
  const execution = ` in ${hours} hours ${minutes} minutes and ${rest} seconds`
  journal.blank()
  journal.say(
    'info',
    ['FinishedRunningStats', 'E047'],
    `Finished running ${line}${execution} (${seconds.toFixed(2)}s).`,
    { execution, execution_time: seconds, stat_line: line },
  )
}

/** dbt's last words: how many went wrong, each with its message, and the count of everything. */
export function sayEnd(journal: Journal, outcomes: readonly Outcome[], targetPath: string, interrupted = false): void {
  const failed = outcomes.filter(isTold)
  const warned = outcomes.filter(({ status }) => status === 'warn')
  journal.blank()
  const partly = outcomes.filter(({ status }) => status === 'partial success').length
  saySummary(journal, [failed.length, partly, warned.length], interrupted)
  for (const outcome of failed) sayResult(journal, outcome, targetPath)
  for (const outcome of warned) sayResult(journal, outcome, targetPath)
  journal.blank()
  const count = (...statuses: readonly string[]): number =>
    outcomes.filter(({ status }) => statuses.includes(status)).length
  const stats = {
    error: count('error', 'fail', 'partial success'),
    noop: count('no-op'),
    pass: count('success', 'pass'),
    skip: count('skipped'),
    total: outcomes.length,
    warn: count('warn'),
  }
  journal.say(
    'info',
    ['StatsLine', 'Z023'],
    `Done. PASS=${stats.pass} WARN=${stats.warn} ERROR=${stats.error} SKIP=${stats.skip} NO-OP=${stats.noop} TOTAL=${stats.total}`,
    { stats },
  )
}

/** What is told at the end: what failed, and what was skipped for a reason. */
function isTold({ node, status, message }: Outcome): boolean {
  if (status === 'error' || status === 'fail') return true
  return status === 'skipped' && message !== null && node.resourceType !== 'exposure'
}

type Counts = readonly [errors: number, partly: number, warnings: number]

function saySummary(journal: Journal, [errors, partly, warnings]: Counts, interrupted: boolean): void {
  const warned = counted(warnings, 'warning')
  const partlyDone = `${partly} partial ${partly === 1 ? 'success' : 'successes'}`
  const text = interrupted
    ? 'Exited because of keyboard interrupt'
    : errors > 0
      ? `Completed with ${counted(errors, 'error')}, ${partlyDone}, and ${warned}:`
      : partly > 0
        ? `Completed with ${partlyDone} and ${warned}`
        : warnings > 0
          ? `Completed with ${warned}:`
          : 'Completed successfully'
  journal.say('info', ['EndOfRunSummary', 'Z030'], text, {
    keyboard_interrupt: interrupted,
    num_errors: errors,
    num_partial_success: partly,
    num_warnings: warnings,
  })
}

/** One result at the end: its node, its message, where its SQL lies and where its failing rows are kept. */
export function sayResult(journal: Journal, outcome: Outcome, targetPath: string): void {
  const { node, status, message } = outcome
  const info = nodeInfo(node, 'None')
  if (status === 'skipped') {
    journal.say('debug', ['Formatting', 'Z017'], '', { msg: '' })
    return journal.say('debug', ['RunResultError', 'Z024'], `  ${message ?? ''}`, { msg: message ?? '' })
  }
  const named = { node_info: info, node_name: node.name, path: node.originalFilePath, resource_type: node.resourceType }
  const where = `${node.resourceType} ${node.name} (${node.originalFilePath})`
  journal.blank()
  if (status === 'warn') journal.say('warn', ['RunResultWarning', 'Z021'], `Warning in ${where}`, named)
  else journal.say('error', ['RunResultFailure', 'Z022'], `Failure in ${where}`, named)
  if (message === null)
    journal.say('error', ['RunResultErrorNoMessage', 'Z025'], `  Status: ${status}`, { node_info: info, status })
  else if (status === 'warn')
    journal.say('warn', ['RunResultWarningMessage', 'Z046'], message, { msg: message, node_info: info })
  else journal.say('error', ['RunResultError', 'Z024'], `  ${message}`, { msg: message, node_info: info })
  sayWhereabouts(journal, outcome, targetPath, info)
}

function sayWhereabouts(journal: Journal, outcome: Outcome, targetPath: string, info: object): void {
  const { node, compiledCode } = outcome
  if (compiledCode !== null && node.resourceType !== 'unit_test') {
    // dbt names the file of a hook as the hook names its own.
    const path =
      node.resourceType === 'operation'
        ? [targetPath, 'compiled', node.packageName, node.originalFilePath, node.path].join('/')
        : join(targetPath, 'compiled', artifactPath(node))
    journal.blank()
    journal.say('info', ['SQLCompiledPath', 'Z026'], `  compiled code at ${path}`, { node_info: info, path })
  }
  if (node.resourceType !== 'test' || node.config['store_failures'] !== true) return
  const query = `select * from ${node.relationName ?? ''}`
  const border = '-'.repeat(query.length)
  journal.blank()
  journal.say('info', ['CheckNodeTestFailure', 'Z027'], `  See test failures:\n  ${border}\n  ${query}\n  ${border}`, {
    node_info: info,
    relation_name: node.relationName ?? '',
  })
}
