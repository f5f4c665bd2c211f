import { join } from 'node:path'
import type { NodeResult, NodeStatus, RunnerRequest, RunnerResult } from '../../runner.ts'
import { quotingPolicy } from '../adapter/quoting.ts'
import { Database } from '../adapter/database.ts'
import { Relation } from '../adapter/relation.ts'
import { Table } from '../adapter/table.ts'
import { PyDateTime } from '../jinja/civil-time.ts'
import { HostObject } from '../jinja/value.ts'
import { fromHost } from '../jinja/json.ts'
import { UTC } from '../jinja/time-zone.ts'
import { Template, callMacro } from '../jinja/template.ts'
import { str } from '../jinja/text.ts'
import type { Value } from '../jinja/value.ts'
import type { Source } from '../parse/nodes.ts'
import { isMapping } from '../project/shape.ts'
import type { Mapping } from '../project/shape.ts'
import { artifactMetadata, writeManifest, writeWhole, writerOf } from './artifacts.ts'
import type { Invoked } from './execute.ts'
import type { Age, Freshness, FreshnessStatus } from './freshness-result.ts'
import { freeContext } from './free-context.ts'
import { runHooks } from './hooks.ts'
import { sayConcurrency, sayFinishedRunning, sayNothingToDo } from './journal-ends.ts'
import { sayFreshnessEnd, sayFreshnessResult, sayFreshnessStarted } from './journal-freshness.ts'
import { artifactInstant, sourceContent } from './manifest-file.ts'
import type { NodeRunner, Timing } from './node-session.ts'
import type { Machine, OnEvent, Prepared } from './prepare.ts'
import { queryComment } from './query-comment.ts'
import { errorText } from './run-node.ts'
import { runPlan } from './schedule.ts'
import { selected } from './selected.ts'
import { Slots } from './slots.ts'

const SECONDS: Readonly<Record<string, number>> = { minute: 60, hour: 3600, day: 86_400 }
const MICROSECONDS = 1_000_000
/** dbt's word for a source without rows: loaded at the beginning of the year one. */
const NEVER_US = Date.UTC(2001, 0, 1) * 1000 - 63_113_904_000 * MICROSECONDS

/** `source freshness`: every selected source that says how fresh it must be; sources.json is written, and one that is too old fails. */
export async function measureFreshness(
  prepared: Prepared,
  request: RunnerRequest,
  machine: Machine,
  onEvent: OnEvent,
): Promise<RunnerResult> {
  const { manifest, journal, invocation } = prepared
  const chosen = new Map(
    selected(prepared, request).flatMap(({ uniqueId }) => {
      const source = manifest.sources.get(uniqueId)
      return source === undefined || !hasCriteria(source) ? [] : [[uniqueId, source] as const]
    }),
  )
  if (chosen.size === 0) {
    sayNothingToDo(journal)
    return finished(prepared, request, machine, [], true)
  }
  const startedAtMs = machine.clock.nowMs()
  sayConcurrency(journal, invocation.target, chosen.size)
  const database = new Database(invocation.target, Math.max(1, invocation.target.threads), journal.statements())
  try {
    const runner: NodeRunner = { project: prepared, database, clock: machine.clock }
    const hooked = prepared.project.flags.sourceFreshnessRunProjectHooks
    const before = hooked ? await runHooks(runner, 'on-run-start', [], journal) : []
    const measured = await measureAll({ prepared, request, machine, onEvent }, runner, chosen)
    const after = hooked ? await runHooks(runner, 'on-run-end', [], journal) : []
    const hooks = [...before, ...after]
    const nodes = [...hooks.map(({ node }) => node), ...measured.map(({ source }) => source)]
    sayFinishedRunning(journal, nodes, (machine.clock.nowMs() - startedAtMs) / 1000)
    const result = finished(
      prepared,
      request,
      machine,
      measured,
      hooks.every(({ status }) => status === 'success'),
    )
    sayFreshnessEnd(journal, measured)
    return result
  } finally {
    await database.close()
  }
}

async function measureAll(
  { prepared, request, onEvent }: Invoked,
  runner: NodeRunner,
  chosen: ReadonlyMap<string, Source>,
): Promise<Freshness[]> {
  const slots = new Slots()
  let begun = 0
  let ended = 0
  const results = await runPlan<Source, Freshness | null>(
    { items: chosen, needs: new Map() },
    {
      threads: Math.max(1, prepared.invocation.target.threads),
      signal: request.signal,
      run: async (source) => {
        const slot = slots.take()
        begun += 1
        const place = { index: begun, total: chosen.size, thread: `Thread-${slot} (worker)` }
        onEvent({ kind: 'node_started', uniqueId: source.uniqueId, index: begun, total: chosen.size })
        sayFreshnessStarted(prepared.journal, source, place)
        const freshness = await measure(runner, source, place.thread)
        slots.give(slot)
        sayFreshnessResult(prepared.journal, freshness, place)
        ended += 1
        onEvent({ kind: 'node_finished', index: ended, total: chosen.size, result: resultOf(freshness) })
        return freshness
      },
      skip: () => null,
      blocks: () => false,
      stops: () => false,
    },
  )
  return [...results.values()].filter((one) => one !== null)
}

async function measure(runner: NodeRunner, source: Source, thread: string): Promise<Freshness> {
  const startedAtMs = runner.clock.nowMs()
  const ended = (): Pick<Freshness, 'source' | 'thread' | 'executionSeconds' | 'timing'> => {
    const completedAtMs = runner.clock.nowMs()
    const timing: readonly Timing[] = [
      { name: 'compile', startedAtMs, completedAtMs: startedAtMs },
      { name: 'execute', startedAtMs, completedAtMs },
    ]
    return { source, thread, executionSeconds: (completedAtMs - startedAtMs) / 1000, timing }
  }
  try {
    const age = await ageOf(runner, source)
    return { ...ended(), age, status: statusOf(source.freshness, age.seconds), message: null }
  } catch (error) {
    const message = errorText(error, `source ${source.name} (${source.originalFilePath})`)
    return { ...ended(), age: null, status: 'runtime error', message }
  }
}

/** Asks the database through dbt's macros, so that a project's own are used. */
async function ageOf({ project, database }: NodeRunner, source: Source): Promise<Age> {
  const session = await database.connect(source.uniqueId, await queryComment(project, source.uniqueId, source))
  try {
    const { context, bound } = freeContext(project, database, session, source.packageName)
    const relation = new Relation({
      database: source.database,
      schema: source.schema,
      identifier: source.identifier,
      quoted: quotingPolicy(project.quoting, source.quoting),
    })
    context.set('this', relation)
    context.set('model', fromHost(sourceContent(source, { nowMs: project.invocation.startedAtMs })))
    const { loadedAtQuery: query, loadedAtField: field } = source
    if (query === null && field === null) throw new Error(unmeasurable(source))
    const answer =
      query === null
        ? await callMacro(bound('collect_freshness'), [relation, field, filterOf(source)])
        : await callMacro(bound('collect_freshness_custom_sql'), [
            relation,
            await Template.parse(query, source.originalFilePath).render(context),
          ])
    return answered(source, answer)
  } finally {
    await session.close()
  }
}

function unmeasurable({ name }: Source): string {
  return `Could not compute freshness for source ${name}: no 'loaded_at_field' provided and postgres adapter does not support metadata-based freshness checks.`
}

function filterOf({ freshness }: Source): Value {
  return fromHost(freshness?.['filter'] ?? null)
}

function answered(source: Source, answer: Value): Age {
  const table = answer instanceof HostObject ? answer.attribute('table') : undefined
  const [row = []] = table instanceof Table ? table.rows : []
  const [loaded = null, asked = null] = row
  const loadedAt = loaded === null ? new PyDateTime(NEVER_US, UTC.fixed()) : momentOf(source, loaded)
  const askedAt = momentOf(source, asked)
  return {
    loadedAt,
    askedAt,
    seconds: (askedAt.microseconds - loadedAt.microseconds) / MICROSECONDS,
    response: { _message: 'SELECT 1', code: 'SELECT', rows_affected: 1 },
  }
}

/** A moment without a zone is taken as UTC. */
function momentOf({ name, loadedAtField }: Source, value: Value): PyDateTime {
  if (value instanceof PyDateTime) return new PyDateTime(value.instant(), UTC.fixed())
  const instantMs = typeof value === 'string' ? Date.parse(value.replace(' ', 'T')) : Number.NaN
  if (!Number.isNaN(instantMs)) return new PyDateTime(instantMs * 1000, UTC.fixed())
  const type = value !== null && typeof value === 'object' && 'typeName' in value ? value.typeName : typeof value
  throw new Error(
    `Expected a timestamp value when querying field '${loadedAtField ?? ''}' of table ${name} but received value of type '${type}' instead`,
  )
}

function hasCriteria({ freshness }: Source): boolean {
  return secondsOf(freshness?.['warn_after']) !== null || secondsOf(freshness?.['error_after']) !== null
}

function secondsOf(threshold: unknown): number | null {
  if (!isMapping(threshold)) return null
  const { count, period } = threshold
  const unit = SECONDS[String(period)]
  return typeof count === 'number' && unit !== undefined ? count * unit : null
}

function statusOf(freshness: Mapping | null, seconds: number): FreshnessStatus {
  const exceeds = (key: string): boolean => {
    const most = secondsOf(freshness?.[key])
    return most !== null && seconds > most
  }
  if (exceeds('error_after')) return 'error'
  return exceeds('warn_after') ? 'warn' : 'pass'
}

function resultOf({ source, status, message, executionSeconds }: Freshness): NodeResult {
  const words: Readonly<Record<FreshnessStatus, NodeStatus>> = {
    pass: 'pass',
    warn: 'warn',
    error: 'error',
    'runtime error': 'error',
  }
  return {
    uniqueId: source.uniqueId,
    resourceType: 'source',
    status: words[status],
    message,
    relationName: source.relationName,
    executionSeconds,
    failures: null,
  }
}

/** sources.json, version 3: what could not be asked is not in it, as dbt has it. */
function finished(
  prepared: Prepared,
  request: RunnerRequest,
  machine: Machine,
  measured: readonly Freshness[],
  hooksWell: boolean,
): RunnerResult {
  const files = writerOf(prepared, machine)
  const writes = request.writeJson !== false
  const manifestPath = writes ? writeManifest(files, prepared.manifest, []) : null
  const content = {
    metadata: artifactMetadata(files, 'sources/v3'),
    results: measured.flatMap((one) => (one.age === null ? [] : [entryOf(one, one.age)])),
    elapsed_time: (machine.clock.nowMs() - prepared.startedAtMs) / 1000,
  }
  const path = request.sourcesPath ?? join(files.folder, 'sources.json')
  if (writes) writeWhole(path, JSON.stringify(content), prepared.invocation.invocationId)
  const isBad = measured.some(({ status }) => status === 'error' || status === 'runtime error')
  const nodes = measured.map((one) => resultOf(one))
  return { exitCode: isBad || !hooksWell ? 1 : 0, nodes, manifestPath, runResultsPath: null }
}

function entryOf({ source, status, timing, thread, executionSeconds }: Freshness, age: Age): object {
  const none = { count: null, period: null }
  const { warn_after: warnAfter = none, error_after: errorAfter = none, filter = null } = source.freshness ?? {}
  return {
    unique_id: source.uniqueId,
    max_loaded_at: str(age.loadedAt).replace(' ', 'T'),
    snapshotted_at: str(age.askedAt).replace(' ', 'T'),
    max_loaded_at_time_ago_in_s: age.seconds,
    status,
    criteria: { warn_after: warnAfter, error_after: errorAfter, filter },
    adapter_response: age.response,
    timing: timing.map(({ name, startedAtMs, completedAtMs }) => ({
      name,
      started_at: artifactInstant(startedAtMs),
      completed_at: artifactInstant(completedAtMs),
    })),
    thread_id: thread,
    execution_time: executionSeconds,
  }
}
