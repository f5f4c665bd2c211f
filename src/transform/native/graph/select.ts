import type { Manifest } from '../parse/nodes.ts'
import type { MacroRegistry } from '../parse/macro-registry.ts'
import { MillraceError } from '../../../domain/errors.ts'
import { reached } from './graph.ts'
import type { Graph } from './graph.ts'
import { fnmatch } from './fnmatch.ts'
import { matchesConfig } from './match-config.ts'
import {
  invalid,
  matchesFile,
  matchesFqn,
  matchesKind,
  matchesPath,
  matchesResourceType,
  matchesSource,
  matchesTestName,
  matchesTestType,
  versionOf,
} from './match-names.ts'
import type { PreviousState } from './previous-state.ts'
import { isNode, isTest, selectablesOf } from './selectable.ts'
import type { Selectable } from './selectable.ts'
import type { Criterion, Selection, SelectorMethod } from './selection.ts'
import { StateComparison } from './state-comparison.ts'

export interface SelectorOptions {
  readonly manifest: Manifest
  readonly graph: Graph
  readonly macros: MacroRegistry
  readonly projectFolder: string
  readonly named: ReadonlyMap<string, Selection>
  readonly previous: PreviousState
  /** An entry of the manifest as its JSON has it: what a comparison of states reads. */
  readonly contentOf: (one: Selectable) => object
  readonly warn: (message: string, criterion: string) => void
}

/** What a selection names, and the tests that could still come along once all they look at is there. */
interface Chosen {
  readonly direct: ReadonlySet<string>
  readonly indirect: ReadonlySet<string>
}

type Match = (node: Selectable, value: string, options: SelectorOptions) => boolean

/** The methods that look at one entry alone. */
const matches: Readonly<
  Record<Exclude<SelectorMethod, 'selector' | 'state' | 'result' | 'source_status' | 'config'>, Match>
> = {
  fqn: matchesFqn,
  tag: (node, value) => node.tags.some((tag) => fnmatch(tag, value)),
  group: matchesGroup,
  access: (node, value) => node.resourceType === 'model' && node.config['access'] === value,
  source: matchesSource,
  path: (node, value, { projectFolder }) => matchesPath(node, value, projectFolder),
  file: matchesFile,
  package: (node, value, { manifest }) => fnmatch(node.packageName, value === 'this' ? manifest.projectName : value),
  test_name: matchesTestName,
  test_type: matchesTestType,
  resource_type: matchesResourceType,
  exposure: (node, value) => matchesKind(node, 'exposure', value),
  metric: (node, value) => matchesKind(node, 'metric', value),
  version: matchesVersion,
  semantic_model: (node, value) => matchesKind(node, 'semantic_model', value),
  saved_query: (node, value) => matchesKind(node, 'saved_query', value),
  unit_test: (node, value) => matchesKind(node, 'unit_test', value),
}

/** Chooses nodes by dbt's syntax. */
export class Selector {
  readonly #options: SelectorOptions
  readonly #all: ReadonlyMap<string, Selectable>
  #comparison: StateComparison | undefined

  constructor(options: SelectorOptions) {
    this.#options = options
    this.#all = selectablesOf(options.manifest)
  }

  /** Throws TRANSFORM_SELECTOR_VALUE, TRANSFORM_SELECTOR_MISSING and TRANSFORM_STATE_MISSING. */
  choose(selection: Selection): Set<string> {
    return new Set(this.#chosen(selection).direct)
  }

  #chosen(selection: Selection): Chosen {
    if (selection.kind === 'criterion') return this.#withTests(this.#one(selection), selection)
    const parts = selection.parts.map((part) => this.#chosen(part))
    const direct = combined(
      selection.kind,
      parts.map((part) => part.direct),
    )
    const indirect = combined(
      selection.kind,
      parts.map((part) => new Set([...part.direct, ...part.indirect])),
    )
    const whole = this.#incorporated(direct, indirect, selection.indirect)
    if (selection.expected !== undefined && whole.size === 0)
      this.#options.warn(
        `The selection criterion '${selection.expected}' does not match any enabled nodes`,
        selection.expected,
      )
    return { direct: whole, indirect }
  }

  /** Tests left aside before are chosen when all that they look at is chosen by now. */
  #incorporated(
    direct: ReadonlySet<string>,
    indirect: ReadonlySet<string>,
    mode: Criterion['indirect'],
  ): ReadonlySet<string> {
    if (mode !== 'cautious' && mode !== 'buildable') return direct
    const selected = new Set(direct)
    const held = mode === 'cautious' ? selected : this.#withParents(direct)
    for (const id of indirect)
      if (this.#options.manifest.nodes.has(id) && this.#parentsOf(id).every((parent) => held.has(parent)))
        selected.add(id)
    return selected
  }

  #withTests(selected: ReadonlySet<string>, { indirect: mode }: Criterion): Chosen {
    if (mode === 'empty') return { direct: selected, indirect: new Set() }
    const [direct, indirect] = [new Set(selected), new Set<string>()]
    const buildable =
      mode === 'buildable'
        ? new Set([...this.#withParents(selected), ...this.#options.manifest.sources.keys()])
        : new Set<string>()
    const successors = [...selected].flatMap((id) => this.#options.graph.children.get(id) ?? [])
    for (const id of successors.filter((one) => isTest(this.#all.get(one)))) {
      const parents = this.#parentsOf(id)
      const isComplete = parents.every((parent) => selected.has(parent))
      if (mode === 'eager' || isComplete) direct.add(id)
      else if (mode === 'buildable' && parents.every((parent) => buildable.has(parent))) direct.add(id)
      else indirect.add(id)
    }
    return { direct, indirect }
  }

  #parentsOf(id: string): readonly string[] {
    return this.#options.graph.parents.get(id) ?? []
  }

  #withParents(ids: ReadonlySet<string>): Set<string> {
    return reached(ids, this.#options.graph.parents)
  }

  #one(criterion: Criterion): Set<string> {
    const { parents, children } = this.#options.graph
    const start = this.#start(criterion)
    const all = new Set(start)
    const add = (ids: ReadonlySet<string>): void => ids.forEach((id) => all.add(id))
    if (criterion.childrensParents) add(reached(reached(start, children), parents))
    if (criterion.parents !== undefined) add(reached(start, parents, criterion.parents))
    if (criterion.children !== undefined) add(reached(start, children, criterion.children))
    return all
  }

  #start({ method, keys, value }: Criterion): ReadonlySet<string> {
    const text = String(value)
    if (method === 'selector') return this.choose(this.#named(text))
    if (method === 'state') return this.#withState(text)
    if (method === 'result') return this.#held(this.#options.previous.withResult(text))
    if (method === 'source_status')
      return this.#held(text === 'fresher' ? this.#options.previous.fresher() : new Set<string>())
    const nodes = [...this.#all.values()]
    // The value of a configuration keeps its type: YAML may say true where text says 'true'.
    if (method === 'config') return ids(nodes.filter((node) => matchesConfig(node, value, keys)))
    const match = matches[method]
    return ids(nodes.filter((node) => match(node, text, this.#options)))
  }

  #named(name: string): Selection {
    const found = this.#options.named.get(name)
    if (found === undefined) throw selectorMissing(name, this.#options.named)
    return found
  }

  #withState(value: string): ReadonlySet<string> {
    this.#comparison ??= new StateComparison(this.#options)
    const comparison = this.#comparison
    return ids([...this.#all.values()].filter(comparison.check(value)))
  }

  #held(wanted: ReadonlySet<string>): ReadonlySet<string> {
    return new Set([...wanted].filter((id) => this.#all.has(id)))
  }
}

/** Throws for a name that selectors.yml does not have. */
export function selectorMissing(name: string, named: ReadonlyMap<string, Selection>): MillraceError {
  return new MillraceError('TRANSFORM_SELECTOR_MISSING', { name, known: [...named.keys()].join(', ') || '-' })
}

function ids(nodes: readonly Selectable[]): Set<string> {
  return new Set(nodes.map((node) => node.uniqueId))
}

function combined(
  kind: 'union' | 'intersection' | 'difference',
  sets: readonly ReadonlySet<string>[],
): ReadonlySet<string> {
  const [first = new Set<string>(), ...rest] = sets
  if (kind === 'union') return new Set(sets.flatMap((set) => [...set]))
  const isKept = (id: string): boolean =>
    kind === 'intersection' ? rest.every((other) => other.has(id)) : rest.every((other) => !other.has(id))
  return new Set([...first].filter(isKept))
}

function matchesGroup(node: Selectable, value: string): boolean {
  if (!isNode(node) && node.resourceType !== 'metric') return false
  const { group } = node.config
  return typeof group === 'string' && group !== '' && fnmatch(group, value)
}

/** `version`: of models, beside the latest of their versions. */
function matchesVersion(node: Selectable, value: string): boolean {
  if (!['latest', 'prerelease', 'old', 'none'].includes(value))
    invalid('version', value, 'latest, prerelease, old or none')
  if (node.resourceType !== 'model') return false
  const version = versionOf(node)
  if (value === 'none' || version === null) return value === 'none' && version === null
  const latest = 'latestVersion' in node ? node.latestVersion : undefined
  if (typeof latest !== 'string' && typeof latest !== 'number') return false
  if (value === 'latest') return version === latest
  return value === 'old' ? isBefore(version, latest) : isBefore(latest, version)
}

/** Numbers by size, anything else as text. */
function isBefore(left: string | number, right: string | number): boolean {
  const [a, b] = [Number(left), Number(right)]
  return Number.isNaN(a) || Number.isNaN(b) ? String(left) < String(right) : a < b
}
