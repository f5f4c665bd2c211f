import { rmSync } from 'node:fs'
import { isAbsolute, join, relative } from 'node:path'
import { MillraceError } from '../../../domain/errors.ts'
import type { NodeResult, RunnerCommand, RunnerRequest, RunnerResult } from '../../runner.ts'
import { Database } from '../adapter/database.ts'
import { Relation } from '../adapter/relation.ts'
import type { Session } from '../adapter/session.ts'
import { graphOf, prerequisites } from '../graph/graph.ts'
import { callMacro } from '../jinja/template.ts'
import type { Node } from '../parse/nodes.ts'
import { installPackages } from '../project/install-packages.ts'
import { readProject } from '../project/project-file.ts'
import { writeManifest, writeRunResults, writeSql } from './artifacts.ts'
import type { ArtifactWriter } from './artifacts.ts'
import { runHooks } from './hooks.ts'
import { runOperation } from './operation.ts'
import { invokeParsed } from './parsed.ts'
import { prepare } from './prepare.ts'
import type { Machine, OnEvent, Prepared } from './prepare.ts'
import { freeContext } from './free-context.ts'
import { nothingDone, runNode } from './run-node.ts'
import { runUnitTest } from './unit-test.ts'
import { runnable } from './runnable.ts'
import type { NodeRunner } from './node-session.ts'
import type { Outcome } from './run-node.ts'
import { selected } from './selected.ts'
import { runPlan } from './schedule.ts'

/** Which resource types a command runs by itself. */
const commandTypes: Partial<Readonly<Record<RunnerCommand, readonly string[]>>> = {
  build: ['seed', 'model', 'snapshot', 'test', 'unit_test', 'exposure'],
  run: ['model'],
  test: ['test', 'unit_test'],
  seed: ['seed'],
  snapshot: ['snapshot'],
  compile: ['model', 'snapshot', 'analysis', 'test', 'unit_test'],
}

/** Commands that run a project's hooks before and after: those that build something, and tests. */
const HOOKED: ReadonlySet<RunnerCommand> = new Set(['build', 'run', 'seed', 'snapshot', 'test'])

export async function invokeNative(request: RunnerRequest, machine: Machine, onEvent: OnEvent): Promise<RunnerResult> {
  if (request.command === 'clean') return clean(request)
  if (request.command === 'deps') return installDependencies(request, machine, onEvent)
  if (request.command === 'parse' || request.command === 'ls') return invokeParsed(request, machine, onEvent)
  const prepared = prepare(request, machine, onEvent)
  if (request.command === 'debug') return debug(prepared, onEvent)
  if (request.command === 'run-operation') return operation(prepared, request, machine, onEvent)
  const nodes = selected(prepared, request, onEvent)
  return execute(
    prepared,
    request,
    machine,
    onEvent,
    nodes.map(({ uniqueId }) => uniqueId),
  )
}

function writer(prepared: Prepared, machine: Machine): ArtifactWriter {
  const { invocation, startedAtMs, project } = prepared
  return {
    folder: project.targetFolder,
    options: { invocation, startedAtMs, nowMs: machine.clock.nowMs(), selectors: prepared.selections.content },
  }
}

async function execute(
  prepared: Prepared,
  request: RunnerRequest,
  machine: Machine,
  onEvent: OnEvent,
  ids: readonly string[],
): Promise<RunnerResult> {
  const { manifest, invocation } = prepared
  const types = commandTypes[request.command] ?? []
  const chosen = new Map(ids.flatMap((id) => nodeEntry(runnable(manifest, id), types)))
  invocation.selected.push(...chosen.keys())
  const database = new Database(invocation.target, Math.max(1, invocation.target.threads))
  const onAbort = (): void =>
    void database.cancel().catch((error: unknown) => onEvent({ kind: 'log', level: 'warn', message: String(error) }))
  request.signal?.addEventListener('abort', onAbort, { once: true })
  try {
    if (HOOKED.has(request.command)) await createSchemas(prepared, [...chosen.values()], database)
    const runner: NodeRunner = { project: prepared, database, clock: machine.clock }
    const hooks = HOOKED.has(request.command) && chosen.size > 0
    const before = hooks ? await runHooks(runner, 'on-run-start', []) : []
    // A project whose preparation failed must not be built upon it.
    const stopped = before.some(({ status }) => status === 'error')
    const run = { prepared, request, machine, onEvent, chosen, database, runner }
    const built = stopped ? skipAll(run) : await runAll(run)
    const after = hooks && !stopped ? await runHooks(runner, 'on-run-end', built) : []
    return finish(prepared, request, machine, [...before, ...built, ...after])
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
  const { bound } = freeContext(prepared, database, session)
  const relation = new Relation({ database: prepared.invocation.target.database, schema, identifier: null })
  await callMacro(bound('create_schema'), [relation])
}

async function operation(
  prepared: Prepared,
  request: RunnerRequest,
  machine: Machine,
  onEvent: OnEvent,
): Promise<RunnerResult> {
  const { macro = '', args = {} } = request.operation ?? {}
  const manifestPath = writeManifest(writer(prepared, machine), prepared.manifest, [])
  const failure = await runOperation(prepared, macro, args)
  if (failure !== null) onEvent({ kind: 'log', level: 'error', message: failure })
  return { exitCode: failure === null ? 0 : 1, nodes: [], manifestPath, runResultsPath: null }
}

interface Run {
  readonly prepared: Prepared
  readonly request: RunnerRequest
  readonly machine: Machine
  readonly onEvent: OnEvent
  readonly chosen: ReadonlyMap<string, Node>
  readonly database: Database
  readonly runner: NodeRunner
}

function skipAll({ chosen }: Run): Outcome[] {
  return [...chosen.values()].map((node) => skipped(node, 'on-run-start'))
}

async function runAll({ prepared, request, machine, onEvent, chosen, runner }: Run): Promise<Outcome[]> {
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
        const outcome = await runOne(runner, node, onlyCompile)
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

function runOne(runner: NodeRunner, node: Node, onlyCompile: boolean): Promise<Outcome> | Outcome {
  if (node.resourceType === 'unit_test') return runUnitTest(runner, node, onlyCompile)
  return node.resourceType === 'exposure' || node.resourceType === 'saved_query'
    ? nothingDone(runner, node)
    : runNode(runner, node, onlyCompile)
}

function skipped(node: Node, because: string | null): Outcome {
  const message = because === null ? 'Skipping due to fail_fast' : null
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

function resultOf(outcome: Outcome): NodeResult {
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

function finish(prepared: Prepared, request: RunnerRequest, machine: Machine, all: readonly Outcome[]): RunnerResult {
  const outcomes = all.filter(
    (outcome) => request.command === 'compile' || outcome.node.config['materialized'] !== 'ephemeral',
  )
  const files = writer(prepared, machine)
  const manifestPath = writeManifest(files, prepared.manifest, all)
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

async function installDependencies(request: RunnerRequest, machine: Machine, onEvent: OnEvent): Promise<RunnerResult> {
  const { projectDir, vars, env, dependencies } = request
  await installPackages(readProject({ projectDir, vars, env }), {
    vars,
    env,
    fetch: machine.fetch,
    upgrade: dependencies?.upgrade ?? false,
    lockOnly: dependencies?.lockOnly ?? false,
    checksVersion: dependencies?.checksVersion ?? true,
    add: dependencies?.add,
    say: (line) => onEvent({ kind: 'output', line }),
  })
  return { exitCode: 0, nodes: [], manifestPath: null, runResultsPath: null }
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
