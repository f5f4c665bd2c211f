import { MillraceError } from '../../../domain/errors.ts'
import { fromHost } from '../jinja/json.ts'
import { str } from '../jinja/text.ts'
import type { CallArguments, Value } from '../jinja/value.ts'
import { HostFunction, PyDict, PyObject, PythonError } from '../jinja/value.ts'
import type { DescribedEntry, Manifest, Node } from '../parse/nodes.ts'

/** The arguments of `metric`: a name, or a package and a name. */
export function metricOf(call: CallArguments): readonly [packageName: string | null, name: string] {
  const [first, second] = call.positional.map((argument) => str(argument))
  if (first === undefined || call.positional.length > 2)
    throw new PythonError('TypeError', 'metric() takes one or two arguments')
  return second === undefined ? [null, first] : [first, second]
}

/** A metric of the manifest by its name, the asking package's own before others. */
export function foundMetric(
  described: Iterable<DescribedEntry>,
  packageName: string,
  [asked, name]: readonly [string | null, string],
): DescribedEntry | undefined {
  const named = [...described].filter((entry) => entry.resourceType === 'metric' && entry.name === name)
  if (asked !== null) return named.find((entry) => entry.packageName === asked)
  return named.find((entry) => entry.packageName === packageName) ?? named[0]
}

/** `metric('revenue')` in a node that runs. Throws TRANSFORM_METRIC_MISSING. */
export function metricFunction(
  manifest: Manifest,
  { uniqueId, packageName, originalFilePath }: Pick<Node, 'uniqueId' | 'packageName' | 'originalFilePath'>,
  content: (entry: DescribedEntry) => object,
): HostFunction {
  return new HostFunction('metric', (call) => {
    const asked = metricOf(call)
    const entry = foundMetric(manifest.described.values(), packageName, asked)
    if (entry === undefined)
      throw new MillraceError('TRANSFORM_METRIC_MISSING', { node: uniqueId, file: originalFilePath, metric: asked[1] })
    return new MetricReference(entry, manifest, content)
  })
}

const DERIVED: ReadonlySet<unknown> = new Set(['derived', 'ratio'])

/** A metric as a template sees it: its name as text, its entry of the manifest as attributes, and what it is made of. */
class MetricReference extends PyObject {
  readonly typeName = 'ResolvedMetricReference'
  readonly #entry: DescribedEntry
  readonly #manifest: Manifest
  readonly #content: PyDict

  constructor(entry: DescribedEntry, manifest: Manifest, content: (entry: DescribedEntry) => object) {
    super()
    this.#entry = entry
    this.#manifest = manifest
    const dict = fromHost(content(entry))
    this.#content = dict instanceof PyDict ? dict : new PyDict()
  }

  override text(): string {
    return this.#entry.name
  }

  override truth(): boolean {
    return true
  }

  override attribute(name: string): Value | undefined {
    const helpers: Readonly<Record<string, () => Value>> = {
      full_metric_dependency: () => this.#names(() => true),
      base_metric_dependency: () => this.#names((entry) => !DERIVED.has(entry.content['type'])),
      derived_metric_dependency: () => this.#names((entry) => DERIVED.has(entry.content['type'])),
      derived_metric_dependency_depth: () => depths(this.#entry, this.#manifest, 1),
    }
    const helper = Object.hasOwn(helpers, name) ? helpers[name] : undefined
    if (helper !== undefined) return new HostFunction(name, helper)
    if (name === 'metric_name') return this.#entry.name
    return name === 'node' ? this.#content : this.#content.get(name)
  }

  #names(isMeant: (entry: DescribedEntry) => boolean): Value {
    const names = withParents(this.#entry, this.#manifest)
      .filter(isMeant)
      .map(({ name }) => name)
    return [...new Set(names)]
  }
}

function parentsOf(entry: DescribedEntry, { described }: Manifest): DescribedEntry[] {
  return entry.dependsOnNodes.flatMap((id) => {
    const parent = described.get(id)
    return parent?.resourceType === 'metric' ? [parent] : []
  })
}

function withParents(entry: DescribedEntry, manifest: Manifest): DescribedEntry[] {
  return [entry, ...parentsOf(entry, manifest).flatMap((parent) => withParents(parent, manifest))]
}

function depths(entry: DescribedEntry, manifest: Manifest, depth: number): Value[] {
  if (!DERIVED.has(entry.content['type'])) return []
  const own: Value = new PyDict([[entry.name, depth]])
  return [own, ...parentsOf(entry, manifest).flatMap((parent) => depths(parent, manifest, depth + 1))]
}
