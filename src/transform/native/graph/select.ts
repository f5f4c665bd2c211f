import { MillraceError } from '../../../domain/errors.ts'
import { unsupportedFeature } from '../features.ts'
import type { DescribedEntry, Manifest, Node, Source } from '../parse/nodes.ts'
import { reached } from './graph.ts'
import type { Graph } from './graph.ts'

type Selectable = Node | Source | DescribedEntry

const glob = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replaceAll(/[.+^${}()|\\]/g, String.raw`\$&`)
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  )

function matches(pattern: string, text: string): boolean {
  return glob(pattern).test(text)
}

/** `fqn`: the last name, or the qualified name from the project or below it, with wildcards for each part. */
function matchesFqn(node: Selectable, value: string): boolean {
  if (node.resourceType === 'source') return false
  if (matches(value, node.name)) return true
  const parts = value.split('.')
  const fits = (fqn: readonly string[]): boolean =>
    parts.length <= fqn.length && parts.every((part, index) => matches(part, fqn[index] ?? ''))
  return fits(node.fqn) || fits(node.fqn.slice(1))
}

function matchesPath(node: Selectable, value: string): boolean {
  const wanted = value.replace(/^\.\//, '').replace(/\/$/, '')
  return matches(wanted, node.originalFilePath) || node.originalFilePath.startsWith(`${wanted}/`)
}

function matchesSource(node: Selectable, value: string): boolean {
  if (node.resourceType !== 'source') return false
  const parts = value.split('.')
  const own = [node.packageName, node.sourceName, node.name]
  const from = parts.length === 3 ? 0 : 1
  return parts.length <= 3 && parts.every((part, index) => matches(part, own[from + index] ?? ''))
}

/** dbt compares by type: text and lists with text as it is written, true and false in any case, and nothing else. */
function matchesConfig(node: Selectable, value: string, keys: readonly string[]): boolean {
  const found = keys.reduce<unknown>(
    (level, key) => (typeof level === 'object' && level !== null ? (level as Record<string, unknown>)[key] : undefined),
    node.config,
  )
  const isSeverity = keys.length === 1 && keys[0] === 'severity'
  return (Array.isArray(found) ? found : [found]).some((item) => {
    if (typeof item === 'boolean') return String(item) === value.toLowerCase()
    if (typeof item !== 'string') return false
    return isSeverity ? item.toLowerCase() === value.toLowerCase() : item === value
  })
}

function matchesTestType(node: Selectable, value: string): boolean {
  if (node.resourceType !== 'test') return false
  return (
    value === 'data' ||
    (value === 'generic' ? node.genericTest !== null : value === 'singular' && node.genericTest === null)
  )
}

const methods: Readonly<Record<string, (node: Selectable, value: string, keys: readonly string[]) => boolean>> = {
  fqn: matchesFqn,
  path: matchesPath,
  file: (node, value) => matches(value, fileName(node)) || matches(value, fileName(node).replace(/\.\w+$/, '')),
  tag: (node, value) => node.tags.some((tag) => matches(value, tag)),
  source: matchesSource,
  config: matchesConfig,
  resource_type: (node, value) =>
    node.resourceType === value || (value === 'data_test' && node.resourceType === 'test'),
  package: (node, value) => matches(value === 'this' ? node.packageName : value, node.packageName),
  test_name: (node, value) => node.resourceType === 'test' && matches(value, node.genericTest?.name ?? ''),
  test_type: matchesTestType,
}

function fileName(node: Selectable): string {
  return node.originalFilePath.split('/').at(-1) ?? ''
}

const EXPRESSION =
  /^(?<childrens>@)?(?<parents>(?<parentsDepth>\d*)\+)?(?:(?<method>[\w.]+):)?(?<value>.*?)(?<children>\+(?<childrensDepth>\d*))?$/

/** Chooses nodes by dbt's syntax. Throws TRANSFORM_SELECTOR_UNKNOWN for a method that does not exist or is not covered. */
export class Selector {
  readonly #graph: Graph
  readonly #all: ReadonlyMap<string, Selectable>

  constructor(manifest: Manifest, graph: Graph) {
    this.#graph = graph
    this.#all = new Map<string, Selectable>([...manifest.nodes, ...manifest.sources, ...manifest.described])
  }

  /** The union of `select` (everything when empty) without `exclude`; tests come along with what they look at. */
  choose(select: readonly string[], exclude: readonly string[]): Set<string> {
    const chosen = select.length === 0 ? new Set(this.#all.keys()) : this.#union(select)
    const left = exclude.length === 0 ? new Set<string>() : this.#union(exclude)
    return new Set([...chosen].filter((id) => !left.has(id)))
  }

  #union(expressions: readonly string[]): Set<string> {
    const words = expressions.flatMap((expression) => expression.split(/\s+/)).filter((word) => word !== '')
    return new Set(words.flatMap((word) => [...this.#intersection(word.split(','))]))
  }

  #intersection(parts: readonly string[]): Set<string> {
    const [first = new Set<string>(), ...rest] = parts.map((part) => this.#withTests(this.#one(part)))
    return new Set([...first].filter((id) => rest.every((other) => other.has(id))))
  }

  /** Eager indirect selection: a test is chosen as soon as one of the things it looks at is. */
  #withTests(ids: ReadonlySet<string>): Set<string> {
    const tests = [...ids]
      .flatMap((id) => this.#graph.children.get(id) ?? [])
      .filter((id) => ['test', 'unit_test'].includes(this.#all.get(id)?.resourceType ?? ''))
    return new Set([...ids, ...tests])
  }

  #one(expression: string): Set<string> {
    const groups = EXPRESSION.exec(expression)?.groups ?? {}
    const value = groups['value'] ?? ''
    const [method = 'fqn', ...keys] = (groups['method'] ?? implicitMethod(value)).split('.')
    const match = Object.hasOwn(methods, method) ? methods[method] : undefined
    if (match === undefined) {
      const feature = unsupportedFeature('selector', method) ?? ''
      throw new MillraceError('TRANSFORM_SELECTOR_UNKNOWN', { method, expression, feature })
    }
    const start = [...this.#all.values()].filter((node) => match(node, value, keys)).map((node) => node.uniqueId)
    return this.#widened(start, groups)
  }

  #widened(start: readonly string[], groups: Readonly<Record<string, string | undefined>>): Set<string> {
    const { parents, children } = this.#graph
    if (groups['childrens'] !== undefined) return reached(reached(start, children), parents)
    const depth = (text: string | undefined): number => (text === undefined || text === '' ? Infinity : Number(text))
    const up = groups['parents'] === undefined ? [] : reached(start, parents, depth(groups['parentsDepth']))
    const down = groups['children'] === undefined ? [] : reached(start, children, depth(groups['childrensDepth']))
    return new Set([...start, ...up, ...down])
  }
}

/** Without a method dbt looks at the shape: a slash means a path, an ending a file, anything else a name. */
function implicitMethod(value: string): string {
  if (value.includes('/')) return 'path'
  return /\.(sql|py|csv)$/i.test(value) ? 'file' : 'fqn'
}
