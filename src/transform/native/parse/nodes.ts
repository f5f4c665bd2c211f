import type { Definition } from '../jinja/ast.ts'
import type { Template } from '../jinja/template.ts'
import type { Mapping } from '../project/shape.ts'

/** Configuration of a node: dbt's keys, defaults filled in; unknown ones are kept, as dbt keeps them. */
export type NodeConfig = Record<string, unknown>

export interface Reference {
  readonly name: string
  readonly package: string | null
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
}

/** The kinds of node that have a file of their own. `operation` is a hook of the project. */
export type ResourceType = 'model' | 'test' | 'seed' | 'snapshot' | 'analysis' | 'operation'

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

export interface Node extends Common {
  readonly resourceType: ResourceType
  readonly alias: string
  readonly rawCode: string
  readonly template: Template
  readonly checksum: { readonly name: string; readonly checksum: string }
  readonly refs: readonly Reference[]
  readonly sources: readonly (readonly [string, string])[]
  readonly dependsOnNodes: readonly string[]
  readonly dependsOnMacros: readonly string[]
  readonly genericTest: GenericTest | null
  /** The folder of its package; a seed's file lies below it. */
  readonly rootFolder: string
  readonly constraints: readonly Mapping[]
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
  readonly tags: readonly string[]
  readonly refs: readonly Reference[]
  readonly sources: readonly (readonly [string, string])[]
  readonly dependsOnNodes: readonly string[]
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
  readonly sources: ReadonlyMap<string, Source>
  readonly macros: ReadonlyMap<string, MacroEntry>
  readonly docs: ReadonlyMap<string, DocBlock>
}
