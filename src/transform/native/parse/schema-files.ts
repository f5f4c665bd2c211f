import { MillraceError } from '../../../domain/errors.ts'
import { hostFunction } from '../jinja/arguments.ts'
import { fromHost } from '../jinja/json.ts'
import type { Value } from '../jinja/value.ts'
import { PyDict } from '../jinja/value.ts'
import { str } from '../jinja/text.ts'
import { Template } from '../jinja/template.ts'
import { configurationContext, renderConfiguration } from '../project/configuration-context.ts'
import type { Environment } from '../project/configuration-context.ts'
import type { Project } from '../project/project-file.ts'
import { targetObject } from '../context/base-names.ts'
import type { Target } from '../project/profile.ts'
import { placing } from './template-place.ts'
import { Reader, isMapping } from '../project/shape.ts'
import type { Mapping } from '../project/shape.ts'
import { YamlFile } from '../project/yaml-file.ts'
import { refuse } from '../features.ts'
import { filesOf } from './files.ts'
import type { ColumnEntry, DocBlock } from './nodes.ts'
import { testEntry } from './test-builder.ts'
import type { TestEntry, TestPlace } from './test-builder.ts'
import { constraintOf } from './contract.ts'
import { checkEntries } from './check-entries.ts'
import { deprecationDate } from './deprecation-date.ts'
import { mergedFreshness } from './freshness.ts'
import { versionedEntries } from './versions.ts'
import type { Versioning } from './versions.ts'

export interface TestUse {
  readonly entry: TestEntry
  readonly columnName: string | null
  /** Where the schema file asks for it. */
  readonly place: TestPlace
}

/** What a schema file says about one model, seed, snapshot, test or source table. */
export interface Patch {
  readonly name: string
  readonly file: string
  readonly description: string
  readonly docBlocks: readonly string[]
  readonly meta: Mapping
  readonly config: Mapping
  readonly columns: ReadonlyMap<string, ColumnEntry>
  readonly tests: readonly TestUse[]
  /** Of a snapshot that is written in YAML alone: what it looks at, such as `ref('orders')`. */
  readonly relation: string | null
  readonly constraints: readonly Mapping[]
  /** Of a model that has versions: the one that this is about. */
  readonly versioning: Versioning | null
  readonly deprecationDate: string | null
  readonly timeSpine: Mapping | null
}

export interface SourcePatch extends Patch {
  readonly sourceName: string
  readonly sourceDescription: string
  readonly sourceMeta: Mapping
  readonly sourceTags: readonly string[]
  readonly sourceConfig: Mapping
  readonly loader: string
  readonly identifier: string
  readonly schema: string
  readonly database: string | null
  readonly quoting: Mapping
  /** Of the source and of its table, the table's over the source's; null where one of them ends it. */
  readonly freshness: Mapping | null | undefined
  readonly loadedAtField: string | null
  readonly loadedAtQuery: string | null
  readonly unrenderedSchema: string | null
}

/** Something that schema files describe and that nothing is run for: an exposure, a group, a metric. */
export interface Described {
  readonly kind: DescribedKind
  readonly name: string
  readonly file: string
  readonly content: Mapping
  /** The same as Python reads it, of a unit test, whose rows go into SQL. */
  readonly exact?: Value
}

export const describedKinds = [
  'exposures',
  'groups',
  'metrics',
  'semantic_models',
  'saved_queries',
  'unit_tests',
] as const
export type DescribedKind = (typeof describedKinds)[number]

/** The kinds of node that schema files patch, by their key. */
export const patchedKinds = ['models', 'seeds', 'snapshots', 'analyses', 'tests', 'macros'] as const
export type PatchedKind = (typeof patchedKinds)[number]

export interface SchemaFiles {
  readonly patches: Readonly<Record<PatchedKind, ReadonlyMap<string, Patch>>>
  readonly sources: readonly SourcePatch[]
  readonly described: readonly Described[]
}

export interface SchemaOptions {
  readonly project: Project
  readonly target: Target
  readonly vars: Mapping
  readonly env: Environment
  /** Docs blocks by package, the project's own first. */
  readonly docs: (packageName: string | null, name: string) => DocBlock | undefined
}

const TOP_KEYS = new Set<string>(['version', 'sources', 'data_tests', 'anchors', ...patchedKinds, ...describedKinds])

/** Reads every schema file of the project. Throws coded errors with file, line and column for what it does not know. */
export function readSchemaFiles(options: SchemaOptions): SchemaFiles {
  const { project } = options
  const folders = [
    ...project.modelPaths,
    ...project.seedPaths,
    ...project.snapshotPaths,
    ...project.analysisPaths,
    ...project.macroPaths,
    ...project.testPaths,
  ]
  const files = filesOf(project, folders, ['.yml', '.yaml']).map(
    (file) => new SchemaFile(YamlFile.parse(file.text, file.file), options),
  )
  const of = (kind: PatchedKind) => byName(files.flatMap((file) => file.patches(kind)))
  return {
    patches: {
      models: of('models'),
      seeds: of('seeds'),
      snapshots: of('snapshots'),
      analyses: of('analyses'),
      tests: of('tests'),
      macros: of('macros'),
    },
    sources: files.flatMap((file) => file.sources()),
    described: files.flatMap((file) => file.described()),
  }
}

function byName(patches: readonly Patch[]): Map<string, Patch> {
  const map = new Map<string, Patch>()
  for (const patch of patches) {
    const key = patch.versioning === null ? patch.name : `${patch.name}.v${patch.versioning.version}`
    const other = map.get(key)
    if (other !== undefined)
      throw new MillraceError('TRANSFORM_NAME_DOUBLED', {
        name: patch.name,
        kind: 'schema entry',
        first: other.file,
        second: patch.file,
      })
    map.set(key, patch)
  }
  return map
}

type Path = readonly (string | number)[]

class SchemaFile {
  readonly #file: YamlFile
  readonly #reader: Reader
  readonly #options: SchemaOptions
  readonly #content: Mapping

  constructor(file: YamlFile, options: SchemaOptions) {
    this.#file = file
    this.#reader = new Reader(file)
    this.#options = options
    this.#content = this.#reader.mapping(file.value, [])
    for (const key of Object.keys(this.#content)) {
      const place = { file: file.file, ...file.position([key]) }
      refuse('schema key', key, place)
      if (!TOP_KEYS.has(key)) throw new MillraceError('TRANSFORM_KEY_UNKNOWN', { ...place, key })
      checkEntries(file, key, this.#content[key])
    }
  }

  patches(kind: PatchedKind): Patch[] {
    const keys = kind === 'tests' ? ['data_tests', 'tests'] : [kind]
    return keys.flatMap((key) =>
      this.#reader
        .list(this.#content[key], [key])
        .flatMap((raw, index) => this.#versions(kind, this.#reader.mapping(raw, [key, index]), [key, index])),
    )
  }

  #versions(kind: PatchedKind, raw: Mapping, path: Path): Patch[] {
    const entries = kind === 'models' ? versionedEntries(raw, this.#file.file) : [{ raw, versioning: null }]
    return entries.map((entry) => ({ ...this.#patch(entry.raw, path), versioning: entry.versioning }))
  }

  described(): Described[] {
    return describedKinds.flatMap((kind) =>
      this.#reader.list(this.#content[kind], [kind]).map((raw, index): Described => {
        const content = this.#reader.mapping(raw, [kind, index])
        const name = this.#reader.text(content['name'], [kind, index, 'name'])
        const exact = kind === 'unit_tests' ? { exact: this.#renderedValue(this.#file.exactAt([kind, index])) } : {}
        return { kind, name, file: this.#file.file, content: this.#renderedContent(kind, content), ...exact }
      }),
    )
  }

  sources(): SourcePatch[] {
    return this.#reader.list(this.#content['sources'], ['sources']).flatMap((raw, index) => {
      const path = ['sources', index]
      const source = this.#reader.mapping(raw, path)
      this.#refuseKeys(source, path)
      return this.#reader
        .list(source['tables'], [...path, 'tables'])
        .map((table, at) => this.#table(source, table, [...path, 'tables', at], path))
    })
  }

  #table(source: Mapping, raw: unknown, path: Path, sourcePath: Path): SourcePatch {
    const table = this.#reader.mapping(raw, path)
    const patch = this.#patch(table, path)
    const sourceName = this.#text(source['name'], [...sourcePath, 'name'])
    const optional = (value: unknown, at: Path): string | null =>
      value === undefined || value === null ? null : this.#text(value, at)
    return {
      ...patch,
      sourceName,
      sourceDescription: this.#described(source).text,
      sourceMeta: this.#reader.mapping(this.#rendered(source['meta']), [...sourcePath, 'meta']),
      sourceTags: this.#reader.textList(this.#rendered(source['tags']), [...sourcePath, 'tags']),
      sourceConfig: this.#reader.mapping(this.#rendered(source['config']), [...sourcePath, 'config']),
      loader: optional(table['loader'] ?? source['loader'], path) ?? '',
      identifier: optional(table['identifier'], [...path, 'identifier']) ?? patch.name,
      schema: optional(source['schema'], [...sourcePath, 'schema']) ?? sourceName,
      unrenderedSchema: typeof source['schema'] === 'string' ? source['schema'] : null,
      database: optional(source['database'], [...sourcePath, 'database']),
      quoting: {
        ...this.#reader.mapping(source['quoting'], [...sourcePath, 'quoting']),
        ...this.#reader.mapping(table['quoting'], [...path, 'quoting']),
      },
      ...this.#freshness(source, table),
    }
  }

  /** dbt lets freshness stand at the source, at the table, and under either's config; the nearest wins, an explicit null ends it. */
  #freshness(source: Mapping, table: Mapping): Pick<SourcePatch, 'freshness' | 'loadedAtField' | 'loadedAtQuery'> {
    const config = (of: Mapping): Mapping => (isMapping(of['config']) ? of['config'] : {})
    const levels = [config(source), source, config(table), table]
    const last = (key: string): unknown => levels.findLast((level) => key in level)?.[key]
    const rendered = (key: string): string | null => {
      const value = this.#rendered(last(key))
      return typeof value === 'string' ? value : null
    }
    const asWritten = [source, config(source), table, config(table)].map((level) =>
      'freshness' in level ? { freshness: this.#rendered(level['freshness']) } : {},
    )
    const query = last('loaded_at_query')
    return {
      freshness: mergedFreshness(asWritten),
      loadedAtField: rendered('loaded_at_field'),
      // Rendered when it is asked, where `this` is known.
      loadedAtQuery: typeof query === 'string' ? query : null,
    }
  }

  #patch(raw: Mapping, path: Path): Patch {
    this.#refuseKeys(raw, path)
    const { text: description, blocks } = this.#described(raw)
    const columns = this.#reader
      .list(raw['columns'], [...path, 'columns'])
      .map((column, index) => this.#column(column, [...path, 'columns', index]))
    const ownConfig = this.#reader.mapping(this.#rendered(raw['config']), [...path, 'config'])
    const docs = isMapping(raw['docs']) ? { docs: raw['docs'] } : {}
    const group = typeof raw['group'] === 'string' ? { group: raw['group'] } : {}
    const access = typeof raw['access'] === 'string' ? { access: raw['access'] } : {}
    const contract = isMapping(raw['contract']) ? { contract: raw['contract'] } : {}
    const tags =
      raw['tags'] === undefined ? {} : { tags: this.#reader.textList(this.#rendered(raw['tags']), [...path, 'tags']) }
    return {
      name: this.#text(raw['name'], [...path, 'name']),
      file: this.#file.file,
      description,
      docBlocks: blocks,
      meta: this.#reader.mapping(this.#rendered(raw['meta']), [...path, 'meta']),
      config: { ...docs, ...group, ...access, ...contract, ...tags, ...ownConfig },
      columns: new Map(columns.map(({ entry }) => [entry.name, entry])),
      tests: [...this.#tests(raw, path, null), ...columns.flatMap(({ tests }) => tests)],
      relation: typeof raw['relation'] === 'string' ? raw['relation'] : null,
      constraints: this.#constraints(raw, path, 'model'),
      versioning: null,
      deprecationDate: deprecationDate(raw['deprecation_date']),
      timeSpine: isMapping(raw['time_spine']) ? raw['time_spine'] : null,
    }
  }

  #constraints(raw: Mapping, path: Path, level: 'column' | 'model'): readonly Mapping[] {
    return this.#reader
      .list(raw['constraints'], [...path, 'constraints'])
      .filter(isMapping)
      .map((constraint) => constraintOf(constraint, level, `${level} ${String(raw['name'])} (${this.#file.file})`))
  }

  #column(raw: unknown, path: Path): { entry: ColumnEntry; tests: readonly TestUse[] } {
    const column = this.#reader.mapping(raw, path)
    this.#refuseKeys(column, path)
    const name = this.#text(column['name'], [...path, 'name'])
    const { text: description, blocks } = this.#described(column)
    const config = this.#reader.mapping(this.#rendered(column['config']), [...path, 'config'])
    const meta = {
      ...this.#reader.mapping(column['meta'], [...path, 'meta']),
      ...(isMapping(config['meta']) ? config['meta'] : {}),
    }
    const tags = this.#reader.textList(column['tags'] ?? config['tags'], [...path, 'tags'])
    const dataType = column['data_type'] === undefined ? null : this.#text(column['data_type'], [...path, 'data_type'])
    const quote = typeof column['quote'] === 'boolean' ? column['quote'] : null
    return {
      entry: {
        name,
        description,
        meta,
        tags,
        dataType,
        quote,
        docBlocks: blocks,
        constraints: this.#constraints(column, path, 'column'),
        granularity: typeof column['granularity'] === 'string' ? column['granularity'] : null,
      },
      tests: this.#tests(column, path, name),
    }
  }

  #tests(raw: Mapping, path: Path, columnName: string | null): TestUse[] {
    return ['data_tests', 'tests'].flatMap((key) =>
      this.#reader.list(raw[key], [...path, key]).map((test, index) => {
        const place = { file: this.#file.file, ...this.#file.position([...path, key, index]) }
        const entry = testEntry(test, place)
        const config = this.#reader.mapping(this.#rendered(entry.config), [...path, key, index])
        return { entry: { ...entry, config }, columnName, place }
      }),
    )
  }

  #refuseKeys(raw: Mapping, path: Path): void {
    for (const key of Object.keys(raw))
      if (raw[key] !== null)
        refuse('schema key', key, { file: this.#file.file, ...this.#file.position([...path, key]) })
  }

  #text(value: unknown, path: Path): string {
    return this.#reader.text(this.#rendered(value), path)
  }

  /** What metrics and their kin say is for another reader; the rest is rendered like any configuration. */
  #renderedContent(kind: DescribedKind, content: Mapping): Mapping {
    if (kind !== 'exposures' && kind !== 'groups' && kind !== 'unit_tests') return content
    const { description: _written, ...rest } = content
    const described = typeof content['description'] === 'string' ? { description: this.#described(content).text } : {}
    return { ...(this.#rendered(rest) as Mapping), ...described }
  }

  /** The same for a value that keeps Python's types. */
  #renderedValue(value: Value): Value {
    if (typeof value === 'string') return /\{[{%#]/.test(value) ? fromHost(this.#rendered(value)) : value
    if (Array.isArray(value)) return value.map((item) => this.#renderedValue(item))
    if (!(value instanceof PyDict)) return value
    return new PyDict(value.entries().map(([key, item]): [Value, Value] => [key, this.#renderedValue(item)]))
  }

  #rendered(value: unknown): unknown {
    const { env, vars, target } = this.#options
    const context = configurationContext(env, vars, new Map([['target', targetObject(target)]]))
    return placing(this.#file, value, (one) => renderConfiguration(one, context, this.#file.file))
  }

  /** A description with its `doc` blocks put in. */
  #described(raw: Mapping): { text: string; blocks: readonly string[] } {
    const written = raw['description']
    if (typeof written !== 'string') return { text: '', blocks: [] }
    if (!written.includes('{{')) return { text: written, blocks: [] }
    const blocks: string[] = []
    const doc = hostFunction('doc', ['first', 'second'], ({ first = '', second }) => {
      const block = this.#options.docs(second === undefined ? null : str(first), str(second ?? first))
      if (block === undefined)
        throw new MillraceError('TRANSFORM_DOC_MISSING', { file: this.#file.file, doc: str(second ?? first) })
      blocks.push(block.uniqueId)
      return block.contents
    })
    const context = configurationContext(this.#options.env, this.#options.vars, new Map([['doc', doc]]))
    const text = placing(this.#file, written, () => Template.parse(written, this.#file.file).renderNow(context))
    return { text, blocks }
  }
}
