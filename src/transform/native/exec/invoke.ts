import { rmSync } from 'node:fs'
import { isAbsolute, join, relative } from 'node:path'
import { MillraceError } from '../../../domain/errors.ts'
import type { Clock } from '../../../domain/clock.ts'
import type { NodeResult, RunnerEvent, RunnerRequest, RunnerResult } from '../../runner.ts'
import { Database } from '../adapter/database.ts'
import { Relation } from '../adapter/relation.ts'
import type { Session } from '../adapter/session.ts'
import { RuntimeAdapter } from '../adapter/runtime-adapter.ts'
import { baseNames } from '../context/base-names.ts'
import type { Invocation } from '../context/base-names.ts'
import { NodeContext } from '../context/node-context.ts'
import { graphOf, prerequisites } from '../graph/graph.ts'
import { Selector } from '../graph/select.ts'
import { callMacro } from '../jinja/template.ts'
import { parseProject } from '../parse/parse-project.ts'
import type { ParsedProject } from '../parse/parse-project.ts'
import type { Node } from '../parse/nodes.ts'
import { readTarget } from '../project/profile.ts'
import { projectVars, readProject } from '../project/project-file.ts'
import type { Project } from '../project/project-file.ts'
import { writeManifest, writeRunResults, writeSql } from './artifacts.ts'
import type { ArtifactWriter } from './artifacts.ts'
import { runNode } from './run-node.ts'
import type { NodeRunner, Outcome } from './run-node.ts'
import { runPlan } from './schedule.ts'
import { StatementResults } from './statement-results.ts'

export interface Machine {
  readonly clock: Clock
  readonly newId: () => string
}

type OnEvent = (event: RunnerEvent) => void

/** Everything that is known before a database is asked. */
interface Prepared extends ParsedProject {
  readonly project: Project
  readonly invocation: Invocation
  readonly startedAtMs: number
}

/** Which resource types a command runs by itself. */
const commandTypes: Readonly<Record<'build' | 'run' | 'test' | 'compile', readonly string[]>> = {
  build: ['model', 'test'],
  run: ['model'],
  test: ['test'],
  compile: ['model', 'test'],
}

/** Reads and parses the project; nothing has run when this throws. */
function prepare(request: RunnerRequest, machine: Machine, onEvent: OnEvent): Prepared {
  const startedAtMs = machine.clock.nowMs()
  const { vars, env } = request
  const project = readProject({ projectDir: request.projectDir, targetPath: request.targetPath, vars, env })
  const profile = request.profile ?? project.profile
  const target = readTarget({
    profilesDir: request.profilesDir,
    profile,
    target: request.target,
    threads: request.threads,
    vars,
    env,
  })
  const invocation: Invocation = {
    invocationId: machine.newId(),
    projectName: project.name,
    command: request.command,
    fullRefresh: request.fullRefresh,
    target,
    vars: projectVars(project, vars),
    env,
    startedAtMs,
    log: (message, info) => onEvent({ kind: 'log', level: info ? 'info' : 'debug', message }),
  }
  return { project, invocation, startedAtMs, ...parseProject({ project, invocation }) }
}

export async function invokeNative(request: RunnerRequest, machine: Machine, onEvent: OnEvent): Promise<RunnerResult> {
  if (request.command === 'clean') return clean(request)
  const prepared = prepare(request, machine, onEvent)
  if (request.command === 'debug') return debug(prepared, onEvent)
  const ids = chosenIds(prepared, request)
  if (request.command === 'parse' || request.command === 'ls') {
    if (request.command === 'ls') for (const line of listed(prepared, ids)) onEvent({ kind: 'output', line })
    const manifestPath = writeManifest(writer(prepared, machine), prepared.manifest, [])
    return { exitCode: 0, nodes: [], manifestPath, runResultsPath: null }
  }
  return execute(prepared, request, machine, onEvent, ids)
}

function chosenIds(prepared: Prepared, request: RunnerRequest): string[] {
  const selector = new Selector(prepared.manifest, graphOf(prepared.manifest))
  const wanted = request.resourceTypes?.map((type) => (type === 'data_test' ? 'test' : type))
  const ids = [...selector.choose(request.select, request.exclude)].filter(
    (id) => wanted === undefined || wanted.includes(typeOf(prepared, id)),
  )
  return ids.sort()
}

function typeOf(prepared: Prepared, id: string): string {
  return prepared.manifest.nodes.get(id)?.resourceType ?? 'source'
}

/** dbt's default listing: `project.folder.name` for nodes, `source:project.source.table` for sources. */
function listed(prepared: Prepared, ids: readonly string[]): string[] {
  const lines = ids.map((id) => {
    const source = prepared.manifest.sources.get(id)
    if (source !== undefined) return `source:${source.packageName}.${source.sourceName}.${source.name}`
    return (prepared.manifest.nodes.get(id)?.fqn ?? [id]).join('.')
  })
  return lines.sort()
}

function writer(prepared: Prepared, machine: Machine): ArtifactWriter {
  const { invocation, startedAtMs, project } = prepared
  return { folder: project.targetFolder, options: { invocation, startedAtMs, nowMs: machine.clock.nowMs() } }
}

async function execute(
  prepared: Prepared,
  request: RunnerRequest,
  machine: Machine,
  onEvent: OnEvent,
  ids: readonly string[],
): Promise<RunnerResult> {
  const { manifest, invocation } = prepared
  const types = commandTypes[request.command as keyof typeof commandTypes]
  const chosen = new Map(ids.flatMap((id) => nodeEntry(manifest.nodes.get(id), types)))
  const database = new Database(invocation.target, Math.max(1, invocation.target.threads))
  const onAbort = (): void =>
    void database.cancel().catch((error: unknown) => onEvent({ kind: 'log', level: 'warn', message: String(error) }))
  request.signal?.addEventListener('abort', onAbort, { once: true })
  try {
    if (request.command === 'build' || request.command === 'run')
      await createSchemas(prepared, [...chosen.values()], database)
    const outcomes = await runAll({ prepared, request, machine, onEvent, chosen, database })
    return finish(prepared, request, machine, outcomes)
  } finally {
    request.signal?.removeEventListener('abort', onAbort)
    await database.close()
  }
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
  const context: NodeContext = new NodeContext({
    macros: prepared.macros,
    mode: 'async',
    permissive: false,
    names: [...baseNames(prepared.invocation), ...new StatementResults().names(), ['execute', true]],
  })
  const bound = (name: string) => {
    const entry = prepared.macros.find(name)
    if (entry === undefined) throw new MillraceError('TRANSFORM_MACRO_MISSING', { macro: name })
    return context.bind(entry)
  }
  const adapter = new RuntimeAdapter({
    session,
    cache: database.cache,
    dispatch: (name, namespace) => context.dispatch(name, namespace),
    macro: bound,
    lookup: (name) => context.lookup(name),
    unique: () => '',
  })
  context.set('adapter', adapter)
  const relation = new Relation({ database: prepared.invocation.target.database, schema, identifier: null })
  await callMacro(bound('create_schema'), [relation])
}

interface Run {
  readonly prepared: Prepared
  readonly request: RunnerRequest
  readonly machine: Machine
  readonly onEvent: OnEvent
  readonly chosen: ReadonlyMap<string, Node>
  readonly database: Database
}

async function runAll({ prepared, request, machine, onEvent, chosen, database }: Run): Promise<Outcome[]> {
  const runner: NodeRunner = { project: prepared, database, clock: machine.clock }
  const files = writer(prepared, machine)
  const onlyCompile = request.command === 'compile'
  const needs = onlyCompile
    ? new Map<string, Set<string>>()
    : prerequisites(prepared.manifest, graphOf(prepared.manifest), new Set(chosen.keys()), request.command === 'build')
  let begun = 0
  let ended = 0
  const report = (outcome: Outcome): Outcome => {
    ended += 1
    if (outcome.node.config['materialized'] !== 'ephemeral')
      onEvent({ kind: 'node_finished', index: ended, total: chosen.size, result: resultOf(outcome) })
    return outcome
  }
  const results = await runPlan<Node, Outcome>(
    { items: chosen, needs },
    {
      threads: Math.max(1, prepared.invocation.target.threads),
      signal: request.signal,
      run: async (node) => {
        begun += 1
        onEvent({ kind: 'node_started', uniqueId: node.uniqueId, index: begun, total: chosen.size })
        const outcome = await runNode(runner, node, onlyCompile)
        writeSql(files, outcome)
        return report(outcome)
      },
      skip: (node, because) => report(skipped(node, because)),
      blocks: (outcome) => outcome.status === 'error' || outcome.status === 'fail' || outcome.status === 'skipped',
      stops: (outcome) => request.failFast && (outcome.status === 'error' || outcome.status === 'fail'),
    },
  )
  return [...results.values()]
}

function skipped(node: Node, because: string | null): Outcome {
  const message =
    because === null ? 'Skipping due to fail_fast or cancellation' : `Skipped because ${because} did not succeed`
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
  }
}

function resultOf(outcome: Outcome): NodeResult {
  const { node, status, message, executionSeconds, failures } = outcome
  return {
    uniqueId: node.uniqueId,
    resourceType: node.resourceType,
    status,
    message,
    relationName: node.relationName,
    executionSeconds,
    failures,
  }
}

function finish(prepared: Prepared, request: RunnerRequest, machine: Machine, all: readonly Outcome[]): RunnerResult {
  const outcomes = all.filter(
    (outcome) => request.command === 'compile' || outcome.node.config['materialized'] !== 'ephemeral',
  )
  const files = writer(prepared, machine)
  const manifestPath = writeManifest(files, prepared.manifest, outcomes)
  const elapsedSeconds = (machine.clock.nowMs() - prepared.startedAtMs) / 1000
  const runResultsPath = writeRunResults(files, request, outcomes, elapsedSeconds)
  const bad = outcomes.some(({ status }) => status === 'error' || status === 'fail' || status === 'skipped')
  return {
    exitCode: bad || request.signal?.aborted === true ? 1 : 0,
    nodes: outcomes.map(resultOf),
    manifestPath,
    runResultsPath,
  }
}

/** Removes the target folder; never anything outside the project. */
function clean(request: RunnerRequest): RunnerResult {
  const project = readProject({
    projectDir: request.projectDir,
    targetPath: request.targetPath,
    vars: request.vars,
    env: request.env,
  })
  const path = relative(project.folder, project.targetFolder)
  if (path === '' || path.startsWith('..') || isAbsolute(path))
    throw new MillraceError('TRANSFORM_CLEAN_OUTSIDE', { path: project.targetFolder })
  rmSync(join(project.folder, path), { recursive: true, force: true })
  return { exitCode: 0, nodes: [], manifestPath: null, runResultsPath: null }
}

async function debug(prepared: Prepared, onEvent: OnEvent): Promise<RunnerResult> {
  const { target } = prepared.invocation
  const database = new Database(target, 1)
  try {
    const session = await database.connect('debug')
    await session.close()
    onEvent({
      kind: 'output',
      line: `Connection to ${target.host}:${target.port}/${target.database} as ${target.user}: OK`,
    })
  } finally {
    await database.close()
  }
  return { exitCode: 0, nodes: [], manifestPath: null, runResultsPath: null }
}
