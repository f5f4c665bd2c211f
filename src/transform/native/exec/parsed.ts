import type { RunnerRequest, RunnerResult } from '../../runner.ts'
import { writeManifest } from './artifacts.ts'
import { listing } from './listing.ts'
import { prepare } from './prepare.ts'
import type { Machine, OnEvent } from './prepare.ts'
import { selected } from './selected.ts'

/** `parse` and `ls`: what needs no database, and does not load what talks to one. */
export function invokeParsed(request: RunnerRequest, machine: Machine, onEvent: OnEvent): RunnerResult {
  const prepared = prepare(request, machine, onEvent)
  if (request.command === 'ls') {
    const nodes = selected(prepared, request)
    if (nodes.length === 0) prepared.journal.warn(['NoNodesSelected', 'Q038'], 'No nodes selected!')
    for (const line of listing(nodes, request, prepared))
      prepared.journal.output(['PrintEvent', 'Z052'], line, { msg: line })
  }
  const { invocation, startedAtMs, project, selections } = prepared
  const options = { invocation, startedAtMs, nowMs: machine.clock.nowMs(), selectors: selections.content }
  const manifestPath = writeManifest({ folder: project.targetFolder, options }, prepared.manifest, [])
  return { exitCode: 0, nodes: [], manifestPath, runResultsPath: null }
}
