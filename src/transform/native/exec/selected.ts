import type { RunnerCommand, RunnerRequest } from '../../runner.ts'
import { graphOf } from '../graph/graph.ts'
import type { NamedSelections } from '../graph/named-selections.ts'
import { PreviousState } from '../graph/previous-state.ts'
import { Selector, selectorMissing } from '../graph/select.ts'
import { isNode, selectablesOf } from '../graph/selectable.ts'
import type { Selectable } from '../graph/selectable.ts'
import { selectionOf } from '../graph/selection.ts'
import type { Selection } from '../graph/selection.ts'
import { describedContent } from './described-content.ts'
import { nodeContent, sourceContent } from './manifest-file.ts'
import type { Prepared } from './prepare.ts'

const listed = [
  'model',
  'snapshot',
  'seed',
  'test',
  'source',
  'exposure',
  'metric',
  'saved_query',
  'semantic_model',
  'unit_test',
  'function',
]

/** Everything that an invocation selects, in the order of its ids. */
export function selected(prepared: Prepared, request: RunnerRequest): Selectable[] {
  const all = selectablesOf(prepared.manifest)
  const selector = new Selector({
    manifest: prepared.manifest,
    graph: graphOf(prepared.manifest),
    macros: prepared.macros,
    projectFolder: prepared.project.folder,
    named: prepared.selections.byName,
    previous: new PreviousState(request.statePath, prepared.project.targetFolder),
    contentOf: (one) => contentOf(one, prepared),
    warn: (message, criterion) =>
      prepared.journal.warn(['NoNodesForSelectionCriteria', 'M030'], message, { spec_raw: criterion }),
  })
  const isWanted = wanted(request)
  const chosen = [...selector.choose(requested(request, prepared.selections))].flatMap((id) => all.get(id) ?? [])
  return chosen.filter(isWanted).sort((left, right) => (left.uniqueId < right.uniqueId ? -1 : 1))
}

/** `--selector`, else `--select` and `--exclude`, else the default of selectors.yml, else everything. */
function requested(request: RunnerRequest, { byName, defaultName }: NamedSelections): Selection {
  const isOpen = request.select.length === 0 && request.exclude.length === 0
  const name = request.selector ?? (isOpen ? defaultName : null)
  if (name === null) return selectionOf(request.select, request.exclude, request.indirectSelection ?? 'eager')
  const named = byName.get(name)
  if (named === undefined) throw selectorMissing(name, byName)
  return named
}

/** By resource type, and whether there is anything in it: a file without text is listed and never built. */
function wanted(request: RunnerRequest): (one: Selectable) => boolean {
  const types = new Set(resourceTypes(request.resourceTypes ?? [], request.command))
  for (const type of request.excludeResourceTypes ?? []) types.delete(type)
  return (one) => types.has(one.resourceType) && (request.command === 'ls' || !isEmpty(one))
}

function resourceTypes(given: readonly string[], command: RunnerCommand): readonly string[] {
  const usual = command === 'ls' ? listed : [...listed, 'analysis']
  if (given.length === 0) return usual
  const meaning: Readonly<Record<string, readonly string[]>> = {
    all: [...listed, 'analysis'],
    default: usual,
    data_test: ['test'],
  }
  return given.flatMap((type) => (Object.hasOwn(meaning, type) ? (meaning[type] ?? []) : [type]))
}

function isEmpty(one: Selectable): boolean {
  return isNode(one) && one.resourceType !== 'seed' && one.rawCode.trim() === ''
}

/** One entry as the manifest has it. */
export function contentOf(one: Selectable, { startedAtMs }: Pick<Prepared, 'startedAtMs'>): object {
  if (isNode(one)) return nodeContent(one, undefined, { nowMs: startedAtMs })
  return one.resourceType === 'source' ? sourceContent(one, { nowMs: startedAtMs }) : describedContent(one, startedAtMs)
}
