import pg from 'pg'
import { UTC } from '../jinja/time-zone.ts'
import { PyDateTime } from '../jinja/civil-time.ts'
import { fromIso } from '../jinja/civil-format.ts'
import type { Value } from '../jinja/value.ts'
import { MillraceError } from '../../../domain/errors.ts'
import type { Session } from '../adapter/session.ts'
import type { Node } from '../parse/nodes.ts'
import { compileNode } from './compile-node.ts'
import type { StandIns } from './compile-node.ts'
import { batchId, batchLabel, batchesOf, sortedBatches } from './batches.ts'
import type { Batch, BatchResults } from './batches.ts'
import type { BatchSize } from '../parse/microbatch.ts'
import { sayBatchError, sayBatchFinished, sayBatchStarted } from './journal-batches.ts'
import type { BatchEnd, BatchPlace } from './journal-batches.ts'
import { materialize, nodeRun, timed, withSession } from './node-session.ts'
import type { BatchProgress } from './progress.ts'
import type { NodeRunner, Running } from './node-session.ts'
import { errorText, failureText, finished } from './run-node.ts'
import type { Outcome } from './run-node.ts'

/** What a microbatch model is run with, beside the model itself. */
export interface Batching {
  /** The command line's window, in milliseconds; both or none. */
  readonly startMs: number | undefined
  readonly endMs: number | undefined
  /** Up to when there is data: the start of this invocation, or of the one that is done again. */
  readonly nowMs: number
  readonly isFullRefresh: boolean
  readonly failFast: boolean
  readonly signal: AbortSignal | undefined
  /** Of an invocation that is done again: which batches had failed, and which need not be run any more. */
  readonly earlier: BatchResults | undefined
  readonly place: BatchPlace['place']
  readonly progress: BatchProgress | undefined
  /** Keeps what was compiled and run for a batch. */
  write(outcome: Outcome): void
}

/**
 * Builds a model batch by batch, oldest first. Each is a run of its materialization with inputs of its own window; when the first one
 * fails the others are skipped, a later one that fails leaves the rest alone. Hooks run before the first and behind the last.
 */
export async function runMicrobatch(runner: NodeRunner, node: Node, batching: Batching): Promise<Outcome> {
  const startedAtMs = runner.clock.nowMs()
  const running: Running = { compiledCode: null, executedSql: null, timing: [] }
  await timed(runner, running, 'compile', async () => undefined)
  try {
    const results = await timed(runner, running, 'execute', () => new Batches(runner, node, batching).run())
    const verdict = { ...verdictOf(results), failures: 0, response: {} }
    const successful = [...sortedBatches(results.successful), ...(batching.earlier?.successful ?? [])]
    const batchResults = { successful, failed: sortedBatches(results.failed) }
    return { ...finished(runner, node, running, startedAtMs, verdict), compiled: false, batchResults }
  } catch (error) {
    const message = failureText(error, node)
    return finished(runner, node, running, startedAtMs, { status: 'error', message, failures: null, response: {} })
  }
}

function verdictOf({ successful, failed }: BatchResults): Pick<Outcome, 'status' | 'message'> {
  if (failed.length === 0) return { status: 'success', message: 'SUCCESS' }
  if (successful.length === 0) return { status: 'error', message: 'ERROR' }
  const message = `PARTIAL SUCCESS (${successful.length}/${successful.length + failed.length})`
  return { status: 'partial success', message }
}

class Batches {
  readonly #runner: NodeRunner
  readonly #node: Node
  readonly #size: BatchSize
  readonly #batching: Batching

  constructor(runner: NodeRunner, node: Node, batching: Batching) {
    this.#runner = runner
    this.#node = node
    this.#size = node.config['batch_size'] as BatchSize
    this.#batching = batching
  }

  async run(): Promise<BatchResults> {
    // What is done again must not begin anew, whatever the flags say: the batches that went in would be lost.
    const isIncremental = this.#batching.earlier !== undefined || (await this.#isIncremental())
    const batches = this.#batching.earlier?.failed ?? this.#planned(isIncremental)
    this.#batching.progress?.planned(batches, this.#batching.earlier?.successful ?? [])
    const successful: Batch[] = []
    const failed: Batch[] = []
    for (const [at, batch] of batches.entries()) {
      const place: BatchPlace = { node: this.#node, size: this.#size, batches, at, place: this.#batching.place }
      const isBarren = successful.length === 0 && failed.length > 0
      const end = isBarren ? this.#skipped(place) : await this.#ended(place, batch, isIncremental || at > 0, failed)
      if (end.status === 'success') {
        successful.push(batch)
        this.#batching.progress?.succeeded(batch)
      } else failed.push(batch)
    }
    return { successful, failed }
  }

  #planned(isIncremental: boolean): readonly Batch[] {
    const { config } = this.#node
    return batchesOf({
      size: this.#size,
      beginMs: fromIso(String(config['begin'])).microseconds / 1000,
      lookback: typeof config['lookback'] === 'number' ? config['lookback'] : 1,
      isIncremental,
      ...this.#batching,
    })
  }

  /** Whether the model's table stands and this run adds to it. */
  async #isIncremental(): Promise<boolean> {
    const { schema, alias, config } = this.#node
    const relations = await this.#runner.database.cache.relations(schema)
    const isAnew = typeof config['full_refresh'] === 'boolean' ? config['full_refresh'] : this.#batching.isFullRefresh
    return relations.get(alias) === 'table' && !isAnew
  }

  #skipped(place: BatchPlace): BatchEnd {
    const end = { status: 'skipped', message: 'SKIPPED', seconds: 0 } as const
    sayBatchFinished(this.#runner.project.journal, place, end)
    return end
  }

  /** A batch that is run, unless the invocation is ending: then it counts as failed without a word. */
  async #ended(
    place: BatchPlace,
    batch: Batch,
    isIncremental: boolean,
    failed: readonly Batch[],
  ): Promise<Pick<BatchEnd, 'status'>> {
    const { journal } = this.#runner.project
    const { signal, failFast } = this.#batching
    if (signal?.aborted === true || (failFast && failed.length > 0)) return { status: 'error' }
    sayBatchStarted(journal, place)
    const end = await this.#built(place, batch, isIncremental)
    // What was cut off by the end of the invocation has no line of its own.
    if (this.#batching.signal?.aborted !== true || end.status === 'success') sayBatchFinished(journal, place, end)
    return end
  }

  async #built(place: BatchPlace, batch: Batch, isIncremental: boolean): Promise<BatchEnd> {
    const runner = this.#runner
    const node = batchNode(this.#node, this.#size, batch, place)
    const startedAtMs = runner.clock.nowMs()
    const running: Running = { compiledCode: null, executedSql: null, timing: [] }
    const seconds = (): number => (runner.clock.nowMs() - startedAtMs) / 1000
    try {
      const message = await withSession(runner, node, (session) =>
        buildBatch(runner, node, session, running, isIncremental),
      )
      return { status: 'success', message, seconds: seconds() }
    } catch (error) {
      runner.database.cache.forget(node.schema)
      const isCut = this.#batching.signal?.aborted === true
      if (running.compiledCode !== null && !isCut)
        sayBatchError(runner.project.journal, place, batchErrorText(error, node))
      return { status: 'error', message: 'ERROR', seconds: seconds() }
    } finally {
      const verdict = { status: 'success', message: null, failures: null, response: {} } as const
      this.#batching.write(finished(runner, node, running, startedAtMs, verdict))
    }
  }
}

/** What a template raises is told with its file; what the database says stands alone. */
function batchErrorText(error: unknown, node: Node): string {
  return error instanceof pg.DatabaseError ? errorText(error, null) : failureText(error, node)
}

/** The model with one batch in it: its window, and hooks only where they are due. */
function batchNode(node: Node, size: BatchSize, batch: Batch, { at, batches }: BatchPlace): Node {
  const [start, end] = [batch.startMs, batch.endMs].map((instantMs) => PyDateTime.at(instantMs * 1000, UTC)) as [
    PyDateTime,
    PyDateTime,
  ]
  const config = {
    ...node.config,
    'pre-hook': at === 0 ? (node.config['pre-hook'] ?? []) : [],
    'post-hook': at === batches.length - 1 ? (node.config['post-hook'] ?? []) : [],
    // dbt's older names for the window, which macros of packages still read.
    __dbt_internal_microbatch_event_time_start: start,
    __dbt_internal_microbatch_event_time_end: end,
  }
  return { ...node, config, batch: { id: batchId(batch, size), label: batchLabel(batch, size), start, end } }
}

/** In the materialization of a batch that adds to the table; while its SQL is compiled dbt asks the database instead. */
const ADDING: ReadonlyMap<string, Value> = new Map([
  ['is_incremental', true],
  ['should_full_refresh', false],
])

async function buildBatch(
  runner: NodeRunner,
  node: Node,
  session: Session,
  running: Running,
  isIncremental: boolean,
): Promise<string> {
  const { project } = runner
  const { run: compiling } = nodeRun(runner, node, session, running, [])
  const sql = await timed(runner, running, 'compile', () => compileNode(project, node, compiling))
  running.compiledCode = sql
  running.beside = compiling.beside
  const standIns: StandIns = { overrides: isIncremental ? ADDING : new Map(), names: [] }
  const { run, results } = nodeRun(runner, node, session, running, [], standIns)
  run.model.set('compiled_code', sql)
  await timed(runner, running, 'execute', () => materialize(project, node, run.context, sql))
  const main = results.get('main')
  if (main === undefined)
    throw new MillraceError('TRANSFORM_RAISED', { message: 'main is not being called during running model' })
  return main.message
}
