import { fromHost } from '../jinja/json.ts'
import type { Value } from '../jinja/value.ts'
import { attribute } from '../jinja/access.ts'
import { HostFunction, PyDict, PyObject } from '../jinja/value.ts'
import type { Invocation } from '../context/base-names.ts'
import type { Manifest } from '../parse/nodes.ts'
import { describedContent } from './described-content.ts'
import { sourceContent, templateContent } from './manifest-file.ts'

interface Described {
  readonly invocation: Invocation
  readonly manifest: Manifest
}

/** `graph`: the parsed project by kind. A kind is written out when a template first asks for it; most never do. */
class GraphNames extends PyObject {
  readonly typeName = 'dict'
  override readonly isMapping = true
  readonly #project: Described
  readonly #held = new Map<string, Value>()
  constructor(project: Described) {
    super()
    this.#project = project
  }
  override attribute(name: string): Value | undefined {
    // A dict's own methods come before its keys, as in Python.
    const method = attribute(this.#whole(), name)
    return method instanceof HostFunction ? method : this.item(name)
  }
  override iterate(): Iterable<Value> {
    return Object.keys(kinds)
  }
  override size(): number {
    return Object.keys(kinds).length
  }
  override contains(value: Value): boolean {
    return typeof value === 'string' && Object.hasOwn(kinds, value)
  }
  /** The names, and what each holds only when it is asked for: `graph.keys()` must not write out the whole project. */
  #whole(): PyDict {
    const dict = new PyDict(Object.keys(kinds).map((kind): [Value, Value] => [kind, null]))
    return Object.assign(dict, {
      get: (key: Value) => this.item(key),
      values: () => Object.keys(kinds).map((kind) => this.item(kind) ?? null),
      entries: () => Object.keys(kinds).map((kind): [Value, Value] => [kind, this.item(kind) ?? null]),
    })
  }
  override item(key: Value): Value | undefined {
    if (typeof key !== 'string' || !Object.hasOwn(kinds, key)) return undefined
    const held = this.#held.get(key)
    if (held !== undefined) return held
    const made = fromHost(kinds[key]?.(this.#project) ?? {})
    this.#held.set(key, made)
    return made
  }
}

function described(type: string): (project: Described) => object {
  return ({ manifest, invocation }) =>
    Object.fromEntries(
      [...manifest.described.values()]
        .filter((entry) => entry.resourceType === type)
        .map((entry) => [entry.uniqueId, describedContent(entry, invocation.startedAtMs)]),
    ) as object
}

const kinds: Readonly<Record<string, (project: Described) => object>> = {
  nodes: ({ manifest, invocation }) =>
    Object.fromEntries(
      [...manifest.nodes.values()].map((node) => [
        node.uniqueId,
        {
          ...templateContent(node, { nowMs: invocation.startedAtMs }),
          ...(node.resourceType === 'model' ? { batch: null, defer_relation: null } : {}),
        },
      ]),
    ) as object,
  sources: ({ manifest, invocation }) =>
    Object.fromEntries(
      [...manifest.sources.values()].map((source) => [
        source.uniqueId,
        sourceContent(source, { nowMs: invocation.startedAtMs }),
      ]),
    ) as object,
  exposures: described('exposure'),
  metrics: described('metric'),
  groups: described('group'),
  saved_queries: described('saved_query'),
  semantic_models: described('semantic_model'),
  functions: () => ({}),
}

const made = new WeakMap<Manifest, GraphNames>()

export function graphNames(project: Described): Value {
  const held = made.get(project.manifest) ?? new GraphNames(project)
  made.set(project.manifest, held)
  return held
}
