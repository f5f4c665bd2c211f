import type { RunnerRequest, RunnerResult } from '../../runner.ts'
import { refuse } from '../features.ts'
import { installPackages } from '../project/install-packages.ts'
import { readProject } from '../project/project-file.ts'
import { clean } from './clean.ts'
import { debug } from './debug.ts'
import { execute } from './execute.ts'
import { generateDocs } from './generate-docs.ts'
import { operate } from './operation.ts'
import { inlineNode } from './inline-node.ts'
import { invokeParsed } from './parsed.ts'
import { prepare } from './prepare.ts'
import type { Machine, OnEvent, Prepared } from './prepare.ts'
import { repeated } from './retry.ts'
import type { Repeated } from './retry.ts'
import { selected } from './selected.ts'
import { measureFreshness } from './source-freshness.ts'

export async function invokeNative(request: RunnerRequest, machine: Machine, onEvent: OnEvent): Promise<RunnerResult> {
  refuseOptions(request)
  if (request.command === 'clean') return clean(request, machine, onEvent)
  if (request.command === 'deps') return installDependencies(request, machine, onEvent)
  if (request.command === 'debug') return debug(request, machine, onEvent)
  if (request.command === 'parse' || request.command === 'ls') return invokeParsed(request, machine, onEvent)
  if (request.command === 'retry') {
    const again = repeated(request)
    return invokePrepared(prepare(again.request, machine, onEvent), again, machine, onEvent)
  }
  return invokePrepared(prepare(request, machine, onEvent), { request, ids: null }, machine, onEvent)
}

async function invokePrepared(
  prepared: Prepared,
  { request, ids, earlier }: Repeated,
  machine: Machine,
  onEvent: OnEvent,
): Promise<RunnerResult> {
  if (request.command === 'run-operation') return operate(prepared, request, machine)
  if (request.command === 'source-freshness') return measureFreshness(prepared, request, machine, onEvent)
  if (request.command === 'docs-generate') return generateDocs(prepared, request, machine, onEvent)
  if (request.inline !== undefined) return runInline(prepared, request, machine, onEvent)
  const nodes = ids ?? selected(prepared, request).map(({ uniqueId }) => uniqueId)
  return execute({ prepared, request, machine, onEvent, earlier }, nodes)
}

/** Options that dbt knows and that are not done here, before anything is read. */
function refuseOptions({ docs, sample }: RunnerRequest): void {
  const place = { file: 'the command line' }
  if (docs?.static === true) refuse('option', '--static', place)
  if (sample !== undefined) refuse('option', '--sample', place)
}

/** SQL of the command line stands in the graph for this invocation alone. */
function runInline(
  prepared: Prepared,
  request: RunnerRequest,
  machine: Machine,
  onEvent: OnEvent,
): Promise<RunnerResult> {
  const node = inlineNode(prepared, request.inline ?? '')
  const nodes = new Map([...prepared.manifest.nodes, [node.uniqueId, node] as const])
  const manifest = { ...prepared.manifest, nodes }
  return execute({ prepared: { ...prepared, manifest }, request, machine, onEvent }, [node.uniqueId])
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
