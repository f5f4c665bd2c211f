import type { Source } from '../parse/nodes.ts'
import { statusLine } from './journal.ts'
import type { Journal, Level } from './journal.ts'
import type { Freshness, FreshnessStatus } from './freshness-result.ts'

interface Place {
  readonly index: number
  readonly total: number
  readonly thread: string
}

function sourceInfo(source: Source, status: string): object {
  return {
    materialized: '',
    meta: source.meta,
    node_checksum: '',
    node_finished_at: '',
    node_name: source.name,
    node_path: source.path,
    node_relation: {
      alias: '',
      database: source.database,
      relation_name: source.relationName ?? '',
      schema: source.schema,
    },
    node_started_at: '',
    node_status: status,
    resource_type: 'source',
    unique_id: source.uniqueId,
  }
}

export function sayFreshnessStarted(journal: Journal, source: Source, { index, total, thread }: Place): void {
  const description = `freshness of ${source.sourceName}.${source.name}`
  const data = { description, index, total, node_info: sourceInfo(source, 'started') }
  const line = statusLine(`START ${description}`, 'RUN', { index, total })
  journal.say('info', ['LogStartLine', 'Q011'], line, data, thread)
}

const words: Readonly<Record<FreshnessStatus, readonly [word: string, level: Level]>> = {
  pass: ['PASS', 'info'],
  warn: ['WARN', 'warn'],
  error: ['ERROR STALE', 'error'],
  'runtime error': ['ERROR', 'error'],
}

export function sayFreshnessResult(journal: Journal, freshness: Freshness, { index, total, thread }: Place): void {
  const { source, status, executionSeconds: seconds } = freshness
  const [word, level] = words[status]
  const line = statusLine(`${word} freshness of ${source.sourceName}.${source.name}`, word, { index, total, seconds })
  const data = {
    execution_time: seconds,
    index,
    node_info: sourceInfo(source, status),
    source_name: source.sourceName,
    status,
    table_name: source.name,
    total,
  }
  journal.say(level, ['LogFreshnessResult', 'Q018'], line, data, thread)
}

export function sayFreshnessEnd(journal: Journal, measured: readonly Freshness[]): void {
  for (const { source, status, message } of measured) {
    const info = sourceInfo(source, 'None')
    if (status === 'runtime error') {
      journal.blank()
      journal.say('error', ['RunResultError', 'Z024'], `  ${message ?? ''}`, { msg: message ?? '', node_info: info })
    }
    if (status !== 'error') continue
    const path = source.originalFilePath
    journal.blank()
    journal.say('error', ['RunResultFailure', 'Z022'], `Failure in source ${source.name} (${path})`, {
      node_info: info,
      node_name: source.name,
      path,
      resource_type: 'source',
    })
    const data = { node_info: info, status: 'error' }
    journal.say('error', ['RunResultErrorNoMessage', 'Z025'], '  Status: error', data)
  }
  journal.say('info', ['FreshnessCheckComplete', 'Q003'], 'Done.')
}
