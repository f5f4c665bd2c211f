import type { Node } from '../parse/nodes.ts'
import type { Target } from '../project/profile.ts'
import { statusLine } from './journal.ts'
import type { EventKind, Journal, Level } from './journal.ts'
import type { Outcome } from './run-node.ts'

/** Where a node stands in its invocation. */
export interface Place {
  readonly index: number
  readonly total: number
  readonly thread: string
  readonly startedAt: string
  /** Whether it is a model that is built in batches of time. */
  readonly isBatched?: boolean
  /** `group`, where the node is in one. */
  readonly group?: object
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** A node as events carry it. */
export function nodeInfo(node: Node, status: string, startedAt = '', finishedAt = ''): object {
  const isDescribed = ['exposure', 'saved_query', 'unit_test'].includes(node.resourceType)
  return {
    materialized: isDescribed ? '' : textOf(node.config['materialized']),
    meta: node.meta,
    node_checksum: node.resourceType === 'test' || isDescribed ? '' : node.checksum.checksum,
    node_finished_at: finishedAt,
    node_name: node.name,
    node_path: node.path,
    node_relation: {
      alias: isDescribed ? '' : node.alias,
      database: node.database,
      relation_name: node.relationName ?? '',
      schema: node.schema,
    },
    node_started_at: startedAt,
    node_status: status,
    resource_type: node.resourceType,
    unique_id: node.uniqueId,
  }
}

/** `schema.name`, with the database before it where that is not the target's. */
function relationText(node: Node, target: Target): string {
  const name = `${node.schema}.${node.alias}`
  return node.database === target.database ? name : `${node.database}.${name}`
}

/** A unit test is told with the model that it tests. */
function testName(node: Node): string {
  return node.resourceType === 'unit_test' ? `${node.fqn.at(-2) ?? ''}::${node.name}` : node.name
}

/** What is run, in dbt's words. */
function description(node: Node, target: Target, isBatched = false): string {
  const relation = relationText(node, target)
  const words: Readonly<Partial<Record<Node['resourceType'], string>>> = {
    model: `sql ${isBatched ? 'microbatch' : String(node.config['materialized'])} model ${relation}`,
    seed: `seed file ${relation}`,
    snapshot: `snapshot ${relation}`,
    exposure: `exposure ${node.name}`,
    saved_query: `saved query ${node.name}`,
  }
  return words[node.resourceType] ?? `${node.resourceType} ${testName(node)}`
}

export function sayStarted(journal: Journal, node: Node, target: Target, { index, total, thread, ...at }: Place): void {
  if (node.resourceType === 'exposure' || node.resourceType === 'saved_query') return
  const told = description(node, target, at.isBatched)
  const data = { description: told, index, total, node_info: nodeInfo(node, 'started', at.startedAt) }
  journal.say('info', ['LogStartLine', 'Q011'], statusLine(`START ${told}`, 'RUN', { index, total }), data, thread)
}

interface Finish {
  readonly level: Level
  readonly kind: EventKind
  readonly text: string
  readonly status: string
  readonly data: object
}

export function sayFinished(journal: Journal, outcome: Outcome, target: Target, place: Place): void {
  const { index, total, thread, startedAt } = place
  const { level, kind, text, status, data } = finish(outcome, target, place)
  const seconds = outcome.executionSeconds
  const info = nodeInfo(outcome.node, outcome.status, startedAt, journal.instant())
  const content = { ...data, ...place.group, execution_time: seconds, index, node_info: info }
  journal.say(level, kind, statusLine(text, status, { index, total, seconds }), content, thread)
}

function finish(outcome: Outcome, target: Target, { total, isBatched }: Place): Finish {
  const { node, status, message } = outcome
  if (status === 'no-op') {
    const told = description(node, target)
    const kind: EventKind = ['LogNodeNoOpResult', 'Q019']
    return {
      level: 'info',
      kind,
      text: `NO-OP ${told}`,
      status: 'NO-OP',
      data: { description: told, status: '', total },
    }
  }
  if (node.resourceType === 'test' || node.resourceType === 'unit_test') return testFinish(outcome, total)
  const failed = status === 'error'
  const level = failed ? 'error' : 'info'
  const shown = failed ? 'ERROR' : (message ?? '')
  const relation = relationText(node, target)
  if (node.resourceType === 'seed') {
    const data = { relation: node.alias, result_message: message ?? '', schema: node.schema, status, total }
    const text = `${failed ? 'ERROR loading' : 'OK loaded'} seed file ${node.schema}.${node.alias}`
    return { level, kind: ['LogSeedResult', 'Q016'], text, status: shown, data }
  }
  if (node.resourceType === 'snapshot') {
    const data = { cfg: {}, description: relation, result_message: message ?? '', status, total }
    const text = `${failed ? 'ERROR snapshotting' : 'OK snapshotted'} ${relation}`
    return { level, kind: ['LogSnapshotResult', 'Q015'], text, status: shown, data }
  }
  const told = description(node, target, isBatched)
  const created = status === 'partial success' ? 'PARTIALLY created' : 'OK created'
  const text = `${failed ? 'ERROR creating' : created} ${told}`
  const data = { description: told, status: failed ? 'error' : (message ?? ''), total }
  return { level, kind: ['LogModelResult', 'Q012'], text, status: shown, data }
}

const TEST_LEVELS: Readonly<Record<string, Level>> = { fail: 'error', error: 'error', warn: 'warn' }

function testFinish({ node, status, failures }: Outcome, total: number): Finish {
  const words: Readonly<Record<string, string>> = { error: 'ERROR', pass: 'PASS', warn: `WARN ${failures ?? 0}` }
  const word = words[status] ?? `FAIL ${failures ?? 0}`
  const name = testName(node)
  const data = {
    attached_node: node.genericTest?.attachedNode ?? '',
    name,
    num_failures: failures ?? 0,
    num_models: total,
    status,
  }
  const level = TEST_LEVELS[status] ?? 'info'
  return { level, kind: ['LogTestResult', 'Q007'], text: `${word} ${name}`, status: word, data }
}

const RELATIONS: ReadonlySet<string> = new Set(['model', 'seed', 'snapshot'])

export function saySkipped(journal: Journal, node: Node, { index, total, thread, startedAt, group }: Place): void {
  const what = RELATIONS.has(node.resourceType)
    ? `relation ${node.schema}.${node.name}`
    : `${node.resourceType} ${node.name}`
  journal.say(
    'info',
    ['SkippingDetails', 'Q034'],
    statusLine(`SKIP ${what}`, 'SKIP', { index, total }),
    {
      index,
      node_info: nodeInfo(node, 'skipped', startedAt),
      node_name: node.name,
      resource_type: node.resourceType,
      schema: node.schema,
      total,
      ...group,
    },
    thread,
  )
}

/** A query that was ended because the invocation was. */
export function sayCancelled(journal: Journal, name: string): void {
  journal.say('error', ['LogCancelLine', 'Q022'], statusLine(`CANCEL query ${name}`, 'CANCEL', {}), { conn_name: name })
}

/** A hook of the project as it begins. */
export function sayHookStarted(journal: Journal, node: Node, statement: string, place: Omit<Place, 'thread'>): void {
  const { index, total, startedAt } = place
  journal.say(
    'info',
    ['LogHookStartLine', 'Q032'],
    statusLine(`START hook: ${statement}`, 'RUN', { index, total, isCut: true }),
    { index, node_info: nodeInfo(node, 'started', startedAt), statement, total },
  )
}

export function sayHookFinished(
  journal: Journal,
  outcome: Outcome,
  statement: string,
  place: Omit<Place, 'thread'>,
): void {
  const { index, total, startedAt } = place
  const { node, status, executionSeconds: seconds } = outcome
  const words: Readonly<Record<string, string>> = { success: 'OK', skipped: 'SKIP' }
  const word = words[status] ?? 'ERROR'
  journal.say(
    'info',
    ['LogHookEndLine', 'Q033'],
    statusLine(`${word} hook: ${statement}`, word, { index, total, seconds, isCut: true }),
    {
      execution_time: seconds,
      index,
      node_info: nodeInfo(node, status, startedAt, journal.instant()),
      statement,
      status,
      total,
    },
  )
}
