import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { MillraceError } from '../../../domain/errors.ts'
import type { RunnerCommand, RunnerRequest } from '../../runner.ts'
import type { Batch, BatchResults } from './batches.ts'
import { readProject } from '../project/project-file.ts'
import { unfinishedRun } from './progress.ts'

const words = z.array(z.string()).catch([])
const text = z.string().optional().catch(undefined)
const yes = z.boolean().optional().catch(undefined)
const mapping = z.record(z.string(), z.unknown()).optional().catch(undefined)

const instant = z.string().transform((written) => Date.parse(written))
const batches = z.array(z.tuple([instant, instant]).transform(([startMs, endMs]): Batch => ({ startMs, endMs })))
const batchLists = z.object({ successful: batches, failed: batches }).nullish()

/** As much of an earlier invocation's run_results.json as doing it again needs; dbt-core's own are read too. */
const earlierFile = z.object({
  args: z.object({
    which: z.string(),
    select: words,
    exclude: words,
    resource_types: words,
    exclude_resource_types: words,
    selector: text,
    indirect_selection: z.enum(['eager', 'cautious', 'buildable', 'empty']).optional().catch(undefined),
    target: text,
    profile: text,
    state: text,
    defer_state: text,
    vars: mapping,
    args: mapping,
    macro: text,
    inline: text,
    threads: z.number().optional().catch(undefined),
    full_refresh: yes,
    fail_fast: yes,
    store_failures: yes,
    defer: yes,
    favor_state: yes,
    empty: yes,
    event_time_start: text,
    event_time_end: text,
  }),
  metadata: z.object({ generated_at: text, invocation_started_at: text }).optional().catch(undefined),
  results: z.array(z.object({ unique_id: z.string(), status: z.string(), batch_results: batchLists })),
})
type EarlierFile = z.output<typeof earlierFile>

/** Commands that can be continued, by dbt's words for them. */
const commands: Readonly<Record<string, RunnerCommand>> = {
  build: 'build',
  compile: 'compile',
  clone: 'clone',
  generate: 'docs-generate',
  seed: 'seed',
  snapshot: 'snapshot',
  test: 'test',
  run: 'run',
  'run-operation': 'run-operation',
}

const UNDONE: ReadonlySet<string> = new Set(['error', 'fail', 'skipped', 'runtime error', 'partial success'])

/** An invocation with the nodes that it is about; null leaves them to its selection. */
export interface Repeated {
  readonly request: RunnerRequest
  readonly ids: readonly string[] | null
  /** Of `retry`: what microbatch models have left, and when the earlier invocation began, in milliseconds. */
  readonly earlier?: Earlier
}

export interface Earlier {
  readonly batches: ReadonlyMap<string, BatchResults>
  readonly startedAtMs: number | undefined
}

/**
 * `retry`: the earlier invocation as it was asked for, over the nodes that did not end well, or that it was killed before. Of the new command line the folders hold, and
 * variables and threads where they are given. Throws TRANSFORM_STATE_MISSING, TRANSFORM_STATE_UNREADABLE, TRANSFORM_RETRY_COMMAND.
 */
export function repeated(request: RunnerRequest): Repeated {
  const { projectDir, targetPath, vars, env } = request
  const folder = request.statePath ?? readProject({ projectDir, targetPath, vars, env }).targetFolder
  const { args, results, metadata } = read(folder)
  const command = Object.hasOwn(commands, args.which) ? commands[args.which] : undefined
  if (command === undefined) throw new MillraceError('TRANSFORM_RETRY_COMMAND', { command: args.which, folder })
  const isWarned = request.warnErrors?.error === 'all'
  const undone = results.filter(({ status }) => UNDONE.has(status) || (isWarned && status === 'warn'))
  const isOperation = command === 'run-operation'
  const ids = undone.map(({ unique_id: id }) => id).filter((id) => isOperation || !id.startsWith('operation.'))
  const startedAt = metadata?.invocation_started_at ?? metadata?.generated_at
  const startedAtMs = startedAt === undefined ? undefined : Date.parse(startedAt)
  return { request: again(request, command, args), ids, earlier: { batches: batchesLeft(results), startedAtMs } }
}

/** Models some of whose batches went in: only the others are left. One of which nothing went in begins anew. */
function batchesLeft(results: EarlierFile['results']): ReadonlyMap<string, BatchResults> {
  return new Map(
    results.flatMap(({ unique_id: id, batch_results: held }) =>
      held === null || held === undefined || held.successful.length === 0 || held.failed.length === 0
        ? []
        : [[id, held]],
    ),
  )
}

function windowOf({ event_time_start: start, event_time_end: end }: EarlierFile['args']): RunnerRequest['eventTime'] {
  return start === undefined || end === undefined ? undefined : { start, end }
}

function again(request: RunnerRequest, command: RunnerCommand, args: EarlierFile['args']): RunnerRequest {
  const some = (list: readonly string[]): readonly string[] | undefined => (list.length === 0 ? undefined : list)
  return {
    ...request,
    command,
    select: args.select,
    exclude: args.exclude,
    resourceTypes: some(args.resource_types),
    excludeResourceTypes: some(args.exclude_resource_types),
    selector: args.selector,
    indirectSelection: args.indirect_selection,
    target: args.target ?? request.target,
    profile: args.profile ?? request.profile,
    statePath: args.state,
    deferStatePath: args.defer_state,
    defer: args.defer,
    favorState: args.favor_state,
    empty: args.empty,
    eventTime: windowOf(args),
    vars: Object.keys(request.vars).length > 0 ? request.vars : (args.vars ?? {}),
    threads: request.threads ?? args.threads,
    fullRefresh: args.full_refresh ?? false,
    failFast: args.fail_fast ?? false,
    storeFailures: args.store_failures,
    inline: args.inline,
    ...(args.macro === undefined ? {} : { operation: { macro: args.macro, args: args.args ?? {} } }),
  }
}

function read(folder: string): EarlierFile {
  const path = join(folder, 'run_results.json')
  try {
    const cut = unfinishedRun(folder)
    if (cut !== undefined) return earlierFile.parse(cut)
    if (existsSync(path)) return earlierFile.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (cause) {
    throw new MillraceError('TRANSFORM_STATE_UNREADABLE', { path }, { cause })
  }
  throw new MillraceError('TRANSFORM_STATE_MISSING', { file: 'run_results.json', folder })
}
