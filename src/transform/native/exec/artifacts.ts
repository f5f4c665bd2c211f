import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { RunnerRequest } from '../../runner.ts'
import { DBT_VERSION } from '../context/base-names.ts'
import type { Manifest } from '../parse/nodes.ts'
import { argumentsContent } from './arguments-content.ts'
import { resultsContent } from './batches.ts'
import { artifactInstant, artifactPath, manifestContent } from './manifest-file.ts'
import type { ArtifactOptions } from './manifest-file.ts'
import type { Machine, Prepared } from './prepare.ts'
import type { Outcome } from './run-node.ts'

/** Writes beside and renames, so that a reader never sees half an artifact. */
export function writeWhole(path: string, text: string, unique: string): void {
  mkdirSync(dirname(path), { recursive: true })
  const temporary = `${path}.${unique}`
  writeFileSync(temporary, text)
  renameSync(temporary, path)
}

export interface ArtifactWriter {
  readonly folder: string
  readonly options: ArtifactOptions
}

export function writerOf(prepared: Prepared, machine: Machine): ArtifactWriter {
  const { invocation, startedAtMs, project } = prepared
  return {
    folder: project.targetFolder,
    options: { invocation, startedAtMs, nowMs: machine.clock.nowMs(), selectors: prepared.selections.content },
  }
}

export function writeManifest(writer: ArtifactWriter, manifest: Manifest, outcomes: readonly Outcome[]): string {
  const compiled = new Map(
    outcomes.flatMap((outcome) =>
      outcome.compiledCode === null ? [] : [[outcome.node.uniqueId, outcome.compiledCode] as const],
    ),
  )
  const path = join(writer.folder, 'manifest.json')
  writeWhole(
    path,
    JSON.stringify(manifestContent(manifest, compiled, { ...writer.options, hooks: ranHooks(outcomes) })),
    writer.options.invocation.invocationId,
  )
  return path
}

/** The hooks of the project that were run, in their order. */
function ranHooks(outcomes: readonly Outcome[]): readonly string[] {
  const hooks = outcomes.map(({ node }) => node).filter(({ resourceType }) => resourceType === 'operation')
  return hooks.map(({ uniqueId }) => uniqueId)
}

/** target/compiled and target/run: what a person reads when a model does not do what it should. */
export function writeSql(writer: ArtifactWriter, outcome: Outcome): void {
  const unique = writer.options.invocation.invocationId
  const path = artifactPath(outcome.written ?? outcome.node)
  // dbt keeps the query of a snapshot in the manifest alone.
  const isShown = outcome.compiledCode !== null && outcome.node.resourceType !== 'snapshot'
  if (outcome.compiledCode !== null && isShown)
    writeWhole(join(writer.folder, 'compiled', path), outcome.compiledCode, unique)
  for (const [file, text] of outcome.beside ?? []) writeWhole(join(writer.folder, 'compiled', file), text, unique)
  if (outcome.executedSql !== null) writeWhole(join(writer.folder, 'run', path), outcome.executedSql, unique)
}

/** What stands at the head of every artifact. */
export function artifactMetadata({ options }: ArtifactWriter, schema: string): object {
  return {
    dbt_schema_version: `https://schemas.getdbt.com/dbt/${schema}.json`,
    dbt_version: DBT_VERSION,
    generated_at: artifactInstant(options.nowMs),
    invocation_id: options.invocation.invocationId,
    invocation_started_at: artifactInstant(options.startedAtMs),
    env: {},
  }
}

/** run_results.json, version 6. */
export function writeRunResults(
  writer: ArtifactWriter,
  request: RunnerRequest,
  outcomes: readonly Outcome[],
  elapsedSeconds: number,
): string {
  const content = {
    metadata: artifactMetadata(writer, 'run-results/v6'),
    results: outcomes.map((outcome) => resultContent(outcome)),
    elapsed_time: elapsedSeconds,
    args: argumentsContent(request),
  }
  const path = join(writer.folder, 'run_results.json')
  writeWhole(path, JSON.stringify(content), writer.options.invocation.invocationId)
  return path
}

function resultContent(outcome: Outcome): object {
  const { node, status, message, failures, timing, compiledCode } = outcome
  return {
    status,
    timing: timing.map(({ name, startedAtMs, completedAtMs }) => ({
      name,
      started_at: artifactInstant(startedAtMs),
      completed_at: artifactInstant(completedAtMs),
    })),
    thread_id: outcome.thread ?? 'Thread-1 (worker)',
    execution_time: outcome.executionSeconds,
    adapter_response: outcome.response,
    message,
    failures,
    unique_id: node.uniqueId,
    compiled: compiledMark(outcome),
    compiled_code: outcome.shownSql ?? compiledCode,
    relation_name: node.resourceType === 'seed' ? null : node.relationName,
    batch_results: outcome.batchResults === undefined ? null : resultsContent(outcome.batchResults),
  }
}

/** Null for what dbt does not compile at all: seeds, and what is only named. */
function compiledMark({ node, compiled, compiledCode }: Outcome): boolean | null {
  if (compiled !== undefined) return compiled
  return node.resourceType === 'seed' ? null : compiledCode !== null
}
