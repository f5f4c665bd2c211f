import type { Definition } from '../jinja/ast.ts'
import type { PyDateTime } from '../jinja/civil-time.ts'
import type { Template } from '../jinja/template.ts'
import type { PyDict, Value } from '../jinja/value.ts'
import type { Mapping } from '../project/shape.ts'

/** Configuration of a node: dbt's keys, defaults filled in; unknown ones are kept, as dbt keeps them. */
export type NodeConfig = Record<string, unknown>

/** A model's version as its schema file writes it: a number or a word. */
export type NodeVersion = number | string

export interface Reference {
  readonly name: string
  readonly package: string | null
  /** Null asks for the latest one, or for a model without versions. */
  readonly version: NodeVersion | null
}

/** What a model promises of its columns; the checksum stands when the promise is enforced. */
export interface Contract {
  readonly enforced: boolean
  readonly alias_types: boolean
  readonly checksum: string | null
}

export interface ColumnEntry {
  readonly name: string
  readonly description: string
  readonly meta: Mapping
  readonly tags: readonly string[]
  readonly dataType: string | null
  readonly quote: boolean | null
  readonly docBlocks: readonly string[]
  readonly constraints: readonly Mapping[]
  readonly granularity: string | null
}

/** The kinds of node that have a file of their own. `operation` is a hook of the project. */
export type ResourceType =
  | 'model'
  | 'test'
  | 'seed'
  | 'snapshot'
  | 'analysis'
  | 'operation'
  | 'unit_test'
  | 'exposure'
  | 'saved_query'
  | 'sql_operation'

/** What a generic test was made from. */
export interface GenericTest {
  readonly name: string
  readonly namespace: string | null
  readonly kwargs: Mapping
  readonly columnName: string | null
  readonly fileKeyName: string
  readonly attachedNode: string | null
}

interface Common {
  readonly uniqueId: string
  readonly name: string
  readonly packageName: string
  /** Below the folder of its kind. */
  readonly path: string
  /** Below the project. */
  readonly originalFilePath: string
  readonly fqn: readonly string[]
  readonly database: string
  readonly schema: string
  readonly description: string
  readonly docBlocks: readonly string[]
  readonly columns: ReadonlyMap<string, ColumnEntry>
  readonly tags: readonly string[]
  readonly meta: Mapping
  readonly config: NodeConfig
  readonly unrenderedConfig: Mapping
  readonly patchPath: string | null
  /** Null for what has no relation of its own: tests and ephemeral models. */
  readonly relationName: string | null
}

/** The window of time that one batch of a microbatch model builds. */
export interface NodeBatch {
  readonly id: string
  /** Its part of a file's name. */
  readonly label: string
  readonly start: PyDateTime
  readonly end: PyDateTime
}

export interface Node extends Common {
  readonly resourceType: ResourceType
  readonly alias: string
  readonly rawCode: string
  readonly template: Template
  readonly checksum: { readonly name: string; readonly checksum: string }
  readonly refs: readonly Reference[]
  readonly sources: readonly (readonly [string, string])[]
  /** Metrics that it names, by package, where one is given, and name. */
  readonly metrics: readonly (readonly [string | null, string])[]
  /** What its file configures, as written there. */
  readonly configCall: Mapping
  readonly dependsOnNodes: readonly string[]
  readonly dependsOnMacros: readonly string[]
  readonly genericTest: GenericTest | null
  /** The folder of its package; a seed's file lies below it. */
  readonly rootFolder: string
  readonly constraints: readonly Mapping[]
  readonly contract: Contract
  readonly group: string | null
  readonly version: NodeVersion | null
  readonly latestVersion: NodeVersion | null
  /** An instant as dbt writes it, or null. */
  readonly deprecationDate: string | null
  readonly timeSpine: Mapping | null
  /** Of a microbatch model while one of its batches is built. */
  readonly batch?: NodeBatch
}

export interface Source extends Common {
  readonly resourceType: 'source'
  readonly sourceName: string
  readonly sourceDescription: string
  readonly sourceMeta: Mapping
  readonly loader: string
  readonly identifier: string
  readonly quoting: Mapping
  readonly freshness: Mapping | null
  readonly loadedAtField: string | null
  readonly loadedAtQuery: string | null
  /** The schema as it is written, null when it is not. */
  readonly unrenderedSchema: string | null
}

/** What stands in for one of the inputs of a unit test, or what is expected of it. */
export interface UnitFixture {
  /** `ref('orders')`, `source('raw', 'orders')` or `this`; empty for what is expected. */
  readonly input: string
  readonly format: 'dict' | 'csv' | 'sql'
  /** A list of dicts, or SQL. */
  readonly rows: Value
  /** The name of its file, null when the rows stand in the schema file. */
  readonly fixture: string | null
}

export interface UnitTest {
  readonly model: string
  readonly given: readonly UnitFixture[]
  readonly expect: UnitFixture
  readonly overrides: UnitOverrides | null
  readonly versions: {
    readonly include: readonly NodeVersion[] | null
    readonly exclude: readonly NodeVersion[] | null
  } | null
  readonly version: NodeVersion | null
  readonly schema: string | null
  readonly checksum: string
}

export interface UnitOverrides {
  readonly macros: PyDict
  readonly vars: PyDict
  readonly envVars: PyDict
}

/** An exposure, group, metric or another thing that is described and not run, with what it depends on. */
export interface DescribedEntry {
  readonly uniqueId: string
  readonly resourceType: 'exposure' | 'group' | 'metric' | 'semantic_model' | 'saved_query' | 'unit_test'
  readonly name: string
  readonly packageName: string
  readonly path: string
  readonly originalFilePath: string
  readonly fqn: readonly string[]
  readonly content: Mapping
  readonly config: NodeConfig
  readonly group: string | null
  readonly tags: readonly string[]
  readonly refs: readonly Reference[]
  readonly sources: readonly (readonly [string, string])[]
  readonly dependsOnNodes: readonly string[]
  /** Of a unit test alone. */
  readonly unit?: UnitTest
}

export interface MacroEntry {
  readonly uniqueId: string
  readonly name: string
  readonly packageName: string
  readonly path: string
  readonly source: string
  readonly definition: Definition
  readonly template: Template
  readonly supportedLanguages: readonly string[] | null
}

export interface DocBlock {
  readonly uniqueId: string
  readonly name: string
  readonly packageName: string
  readonly path: string
  readonly originalFilePath: string
  readonly contents: string
}

/** The parsed project: what the graph, the executor and the artifacts read. */
export interface Manifest {
  readonly projectName: string
  readonly described: ReadonlyMap<string, DescribedEntry>
  readonly nodes: ReadonlyMap<string, Node>
  readonly disabled: ReadonlyMap<string, Node>
  readonly disabledDescribed: readonly DescribedEntry[]
  readonly sources: ReadonlyMap<string, Source>
  readonly macros: ReadonlyMap<string, MacroEntry>
  readonly docs: ReadonlyMap<string, DocBlock>
}
