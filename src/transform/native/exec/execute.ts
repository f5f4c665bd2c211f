import type { NodeResult, RunnerCommand, RunnerRequest, RunnerResult } from '../../runner.ts'
import { MillraceError } from '../../../domain/errors.ts'
import { Database } from '../adapter/database.ts'
import { Relation } from '../adapter/relation.ts'
import type { Session } from '../adapter/session.ts'
import { graphOf, prerequisites } from '../graph/graph.ts'
import { callMacro } from '../jinja/template.ts'
import type { Node } from '../parse/nodes.ts'
import { writeManifest, writeRunResults, writeSql, writerOf } from './artifacts.ts'
import { cloneNode } from './clone.ts'
import { freeContext } from './free-context.ts'
import { runHooks } from './hooks.ts'
import { sayConcurrency, sayEnd, sayFinishedRunning, sayNothingToDo, sayResult } from './journal-ends.ts'
import { sayCancelled, sayFinished, saySkipped, sayStarted } from './journal-nodes.ts'
import { deferring } from './defer.ts'
import type { Machine, OnEvent, Prepared } from './prepare.ts'
import { sayPreviews, showNode } from './preview.ts'
import { nothingDone, runNode } from './run-node.ts'
import { Slots } from './slots.ts'
import { runUnitTest } from './unit-test.ts'
import { runnable } from './runnable.ts'
import type { NodeRunner } from './node-session.ts'
import type { Outcome } from './run-node.ts'
import { asksForBatches } from '../parse/microbatch.ts'
import { runMicrobatch } from './microbatch.ts'
import type { Place } from './journal-nodes.ts'
import { Progress } from './progress.ts'
import type { Earlier } from './retry.ts'
import { runPlan } from './schedule.ts'

/** Which resource types a command runs by itself. */
const commandTypes: Partial<Readonly<Record<RunnerCommand, readonly string[]>>> = {
  build: ['seed', 'model', 'snapshot', 'test', 'unit_test', 'exposure'],
  run: ['model'],
  test: ['test', 'unit_test'],
  seed: ['seed'],
  snapshot: ['snapshot'],
  clone: ['model', 'seed', 'snapshot'],
  compile: ['model', 'snapshot', 'analysis', 'test', 'unit_test', 'sql_operation'],
  'docs-generate': ['model', 'snapshot', 'analysis', 'test', 'unit_test'],
  show: ['model', 'snapshot', 'analysis', 'test', 'seed', 'sql_operation'],
}

/** Commands that run a project's hooks before and after: those that build something, and tests. */
const HOOKED: ReadonlySet<RunnerCommand> = new Set(['build', 'run', 'seed', 'snapshot', 'test'])

/** Commands that only compile: they end with the first node that cannot be, and say nothing of the others. */
const COMPILING: ReadonlySet<RunnerCommand> = new Set(['compile', 'show', 'docs-generate'])

/** Commands whose nodes do not wait for one another. */
const INDEPENDENT: ReadonlySet<RunnerCommand> = new Set([...COMPILING, 'clone'])

export interface Invoked {
  readonly prepared: Prepared
  readonly request: RunnerRequest
  readonly machine: Machine
  readonly onEvent: OnEvent
  /** Of an invocation that is done again. */
  readonly earlier?: Earlier | undefined
}

interface Run extends Invoked {
  readonly chosen: ReadonlyMap<string, Node>
  readonly database: Database
  readonly runner: NodeRunner
  /** What `retry` goes on from when this invocation is killed; of commands that build. */
  readonly progress: Progress | undefined
}

/** Runs what was selected, in the graph's order, with the hooks of the project around it. */
export async function execute(invoked: Invoked, ids: readonly string[]): Promise<RunnerResult> {
  const { prepared, request, machine, onEvent } = invoked
  const { manifest, invocation, journal } = prepared
  const types = commandTypes[request.command] ?? []
  const chosen = new Map(ids.flatMap((id) => nodeEntry(runnable(manifest, id), types)))
  prepared.invocation.selected.push(...chosen.keys())
  if (chosen.size === 0) {
    sayNothingToDo(journal)
    return finish({ ...invoked, chosen }, [])
  }
  const database = new Database(invocation.target, Math.max(1, invocation.target.threads), journal.statements())
  const onAbort = (): void =>
    void database.cancel().catch((error: unknown) => onEvent({ kind: 'log', level: 'warn', message: String(error) }))
  request.signal?.addEventListener('abort', onAbort, { once: true })
  const progress = progressOf(invoked, [...chosen.keys()])
  try {
    sayConcurrency(journal, invocation.target, countable(chosen).length)
    const defer = deferring(prepared, request, new Set(chosen.keys()), database)
    if (HOOKED.has(request.command) || request.command === 'clone')
      await createSchemas(prepared, [...chosen.values()], database)
    const runner: NodeRunner = { project: { ...prepared, ...defer }, database, clock: machine.clock }
    return await withHooks({ ...invoked, chosen, database, runner, progress })
  } finally {
    progress?.close()
    request.signal?.removeEventListener('abort', onAbort)
    await database.close()
  }
}

const CUT_OFF =
  'An invocation in this target folder was cut off or is still running. `retry` would have gone on with what it left; this one begins anew.'

function progressOf(
  { prepared, request, machine, onEvent, earlier }: Invoked,
  ids: readonly string[],
): Progress | undefined {
  if (!HOOKED.has(request.command) || request.writeJson === false) return undefined
  const writer = writerOf(prepared, machine)
  if (earlier === undefined && Progress.isLeft(writer)) onEvent({ kind: 'log', level: 'warn', message: CUT_OFF })
  return new Progress(writer, request, ids)
}

async function withHooks(run: Run): Promise<RunnerResult> {
  const { prepared, request, machine, runner } = run
  const startedAtMs = machine.clock.nowMs()
  const hooked = HOOKED.has(request.command)
  const before = hooked ? await runHooks(runner, 'on-run-start', [], prepared.journal) : []
  // dbt builds upon a preparation that failed, unless the project says otherwise.
  const isStopped = prepared.project.flags.skipNodesIfOnRunStartFails && before.some(({ status }) => status === 'error')
  const built = isStopped ? skipAll(run) : await runAll(run)
  const isInterrupted = request.signal?.aborted === true
  const after = hooked && !isInterrupted ? await runHooks(runner, 'on-run-end', built, prepared.journal) : []
  const outcomes = [...before, ...built, ...after]
  for (const hook of [...before, ...after]) writeSql(writerOf(prepared, machine), hook)
  if (hooked) sayFinishedRunning(prepared.journal, counted(outcomes), (machine.clock.nowMs() - startedAtMs) / 1000)
  return finish(run, outcomes)
}

/** What dbt counts: an ephemeral model is part of others. */
function counted(outcomes: readonly Outcome[]): Node[] {
  return outcomes.flatMap(({ node }) => (isEphemeral(node) ? [] : [node]))
}

function isEphemeral(node: Node): boolean {
  return node.resourceType === 'model' && node.config['materialized'] === 'ephemeral'
}

function countable(chosen: ReadonlyMap<string, Node>): Node[] {
  return [...chosen.values()].filter((node) => !isEphemeral(node))
}

function nodeEntry(node: Node | undefined, types: readonly string[]): (readonly [string, Node])[] {
  return node !== undefined && types.includes(node.resourceType) ? [[node.uniqueId, node]] : []
}

async function createSchemas(prepared: Prepared, nodes: readonly Node[], database: Database): Promise<void> {
  const schemas = [...new Set(nodes.filter((node) => node.relationName !== null).map((node) => node.schema))].sort()
  if (schemas.length === 0) return
  await database.createSchemas(schemas, (session, schema) => createSchema(prepared, database, session, schema))
}

/** Through the macro `create_schema`, so that a project's own is used. */
async function createSchema(prepared: Prepared, database: Database, session: Session, schema: string): Promise<void> {
  const { bound } = freeContext(prepared, database, session)
  const relation = new Relation({ database: prepared.invocation.target.database, schema, identifier: null })
  await callMacro(bound('create_schema'), [relation])
}

function skipAll({ chosen, prepared }: Run): Outcome[] {
  const nodes = countable(chosen)
  return nodes.map((node, at) => {
    const place = { index: at + 1, total: nodes.length, thread: 'MainThread', startedAt: '' }
    saySkipped(prepared.journal, node, place)
    return skipped(node, null)
  })
}

const BAD: ReadonlySet<string> = new Set(['error', 'fail', 'partial success'])
const FAIL_FAST = 'Skipping due to fail_fast'

async function runAll(run: Run): Promise<Outcome[]> {
  const { prepared, request, chosen, database } = run
  const needs = INDEPENDENT.has(request.command)
    ? new Map<string, Set<string>>()
    : prerequisites(prepared.manifest, graphOf(prepared.manifest), new Set(chosen.keys()), {
        testsFirst: request.command === 'build',
        unitTestsFirst: run.earlier === undefined,
      })
  const telling = new Telling(run, countable(chosen).length)
  const isBad = ({ status }: Outcome): boolean => BAD.has(status)
  let isEnding = false
  const results = await runPlan<Node, Outcome>(
    { items: chosen, needs },
    {
      threads: Math.max(1, prepared.invocation.target.threads),
      signal: request.signal,
      run: async (node) => {
        const outcome = await telling.run(node)
        // What was still running when the first one failed is taken back, and counts as never run.
        return isEnding ? { ...skipped(node, FAIL_FAST), thread: 'MainThread' } : outcome
      },
      skip: (node, because) => telling.skip(node, isEnding ? null : because),
      blocks: (outcome) => isBad(outcome) || outcome.status === 'skipped',
      stops: (outcome) => {
        if (isEnding || !stopsAll(request, outcome, isBad)) return false
        isEnding = true
        void database.cancel().catch(() => undefined)
        return true
      },
    },
  )
  const outcomes = [...results.values()]
  if (request.signal?.aborted === true) return interrupted(run, outcomes)
  const [first] = outcomes.filter(isBad)
  if (isEnding && first !== undefined) ended(run, first)
  return outcomes
}

function stopsAll(request: RunnerRequest, outcome: Outcome, isBad: (outcome: Outcome) => boolean): boolean {
  return COMPILING.has(request.command) ? outcome.status === 'error' : request.failFast && isBad(outcome)
}

/** The first failure of a command that goes no further; of one that only compiles it is the whole invocation's. */
function ended({ request, prepared }: Run, first: Outcome): void {
  if (COMPILING.has(request.command))
    throw new MillraceError('TRANSFORM_NODE_FAILED', { node: first.node.uniqueId, message: first.message ?? '' })
  sayResult(prepared.journal, first, prepared.targetPath)
}

/** What had ended before the interruption counts; of the rest dbt's results know nothing. */
function interrupted({ prepared, database }: Run, outcomes: readonly Outcome[]): Outcome[] {
  for (const name of database.cancelled) sayCancelled(prepared.journal, name)
  const isCut = ({ node, status }: Outcome): boolean =>
    status === 'skipped' || (status === 'error' && database.cancelled.has(node.uniqueId))
  return outcomes.filter((outcome) => !isCut(outcome))
}

/** Runs single nodes and tells of them. */
class Telling {
  readonly #run: Run
  readonly #total: number
  readonly #slots: Slots
  #begun = 0
  #ended = 0

  constructor(run: Run, total: number) {
    this.#run = run
    this.#total = total
    this.#slots = new Slots()
  }

  async run(node: Node): Promise<Outcome> {
    const { prepared, request, onEvent, machine } = this.#run
    const { journal, invocation } = prepared
    const isQuiet = INDEPENDENT.has(request.command) || isEphemeral(node)
    const isBatched = this.#isBatched(node)
    const slot = this.#slots.take()
    const thread = `Thread-${slot} (worker)`
    if (!isEphemeral(node)) this.#begun += 1
    const startedAt = journal.instant()
    const place = { index: this.#begun, total: this.#total, thread, startedAt, group: this.#group(node), isBatched }
    try {
      onEvent({ kind: 'node_started', uniqueId: node.uniqueId, index: place.index, total: this.#total })
      const isTold = !isQuiet || (request.command === 'show' && node.resourceType === 'seed')
      if (isTold) sayStarted(journal, node, invocation.target, place)
      const outcome = { ...(await this.#outcome(node, place)), thread }
      this.#run.progress?.ended(node.uniqueId, outcome.status)
      writeSql(writerOf(prepared, machine), outcome)
      const isCut = request.signal?.aborted === true && outcome.status === 'error'
      if (isTold && !isCut) sayFinished(journal, outcome, invocation.target, place)
      return this.#reported(outcome)
    } finally {
      this.#slots.give(slot)
    }
  }

  skip(node: Node, because: string | null): Outcome {
    const { journal } = this.#run.prepared
    if (because !== null && !isEphemeral(node) && this.#run.request.signal?.aborted !== true) {
      this.#begun += 1
      const thread = 'Thread-1 (worker)'
      const startedAt = journal.instant()
      saySkipped(journal, node, { index: this.#begun, total: this.#total, thread, startedAt, group: this.#group(node) })
    }
    if (because === null) return this.#reported({ ...skipped(node, FAIL_FAST), thread: 'MainThread' })
    return this.#reported(skipped(node, null))
  }

  /** The group's name and owner, where the node has one. */
  #group({ group }: Node): object {
    if (group === null) return {}
    const entries = [...this.#run.prepared.manifest.described.values()]
    const found = entries.find((one) => one.resourceType === 'group' && one.name === group)
    if (found === undefined) return {}
    return { group: { name: group, owner: found.content['owner'] ?? {}, package_name: found.packageName } }
  }

  #reported(outcome: Outcome): Outcome {
    if (isEphemeral(outcome.node)) return outcome
    this.#ended += 1
    this.#run.onEvent({ kind: 'node_finished', index: this.#ended, total: this.#total, result: resultOf(outcome) })
    return outcome
  }

  #isBatched(node: Node): boolean {
    const { request, prepared } = this.#run
    return (request.command === 'run' || request.command === 'build') && prepared.isBatched && asksForBatches(node)
  }

  #batched(node: Node, place: Place): Promise<Outcome> {
    const { runner, request, prepared, earlier, machine } = this.#run
    const { eventTime } = request
    return runMicrobatch(runner, node, {
      startMs: eventTime === undefined ? undefined : Date.parse(`${eventTime.start}Z`),
      endMs: eventTime === undefined ? undefined : Date.parse(`${eventTime.end}Z`),
      nowMs: earlier?.startedAtMs ?? prepared.startedAtMs,
      isFullRefresh: request.fullRefresh,
      failFast: request.failFast,
      signal: request.signal,
      earlier: earlier?.batches.get(node.uniqueId),
      progress: this.#run.progress?.ofBatches(node.uniqueId),
      place,
      write: (outcome) => writeSql(writerOf(prepared, machine), outcome),
    })
  }

  #outcome(node: Node, place: Place): Promise<Outcome> | Outcome {
    const { runner, request } = this.#run
    const onlyCompile = COMPILING.has(request.command)
    if (node.resourceType === 'unit_test') return runUnitTest(runner, node, onlyCompile)
    if (node.resourceType === 'exposure' || node.resourceType === 'saved_query') return nothingDone(runner, node)
    if (request.command === 'clone') return cloneNode(runner, node)
    if (request.command === 'show') return showNode(runner, node, request)
    if (place.isBatched === true) return this.#batched(node, place)
    return runNode(runner, node, onlyCompile)
  }
}

function skipped(node: Node, message: string | null): Outcome {
  return {
    node,
    status: 'skipped',
    message,
    failures: null,
    timing: [],
    executionSeconds: 0,
    compiledCode: null,
    executedSql: null,
    response: {},
    ...(node.resourceType === 'unit_test' ? { compiled: null } : {}),
  }
}

export function resultOf(outcome: Outcome): NodeResult {
  const { node, status, message, executionSeconds, failures } = outcome
  return {
    uniqueId: node.uniqueId,
    resourceType: node.resourceType,
    status,
    message,
    // What is not compiled has no relation in dbt's results: a seed.
    relationName: node.resourceType === 'seed' ? null : node.relationName,
    executionSeconds,
    failures,
  }
}

function finish(run: Invoked & Pick<Run, 'chosen'>, all: readonly Outcome[]): RunnerResult {
  const { prepared, request, machine } = run
  const isPreview = COMPILING.has(request.command)
  const outcomes = all.filter((outcome) => isPreview || !isEphemeral(outcome.node))
  const files = writerOf(prepared, machine)
  const writes = request.writeJson !== false
  const manifestPath = writes ? writeManifest(files, prepared.manifest, all) : null
  const elapsedSeconds = (machine.clock.nowMs() - prepared.startedAtMs) / 1000
  const runResultsPath = writes ? writeRunResults(files, request, outcomes, elapsedSeconds) : null
  const isInterrupted = request.signal?.aborted === true
  if (isPreview) sayPreviews(prepared.journal, request, outcomes)
  else if (run.chosen.size > 0) sayEnd(prepared.journal, outcomes, prepared.targetPath, isInterrupted)
  const bad = outcomes.some(
    ({ node, status }) => BAD.has(status) || (status === 'skipped' && node.resourceType !== 'exposure'),
  )
  return {
    exitCode: isInterrupted ? 2 : bad ? 1 : 0,
    nodes: outcomes.map(resultOf),
    manifestPath,
    runResultsPath,
  }
}
