import { dirname } from 'node:path'
import type { Invocation } from '../context/base-names.ts'
import type { Relation } from '../adapter/relation.ts'
import type { Template } from '../jinja/template.ts'
import type { Project } from '../project/project-file.ts'
import type { Mapping } from '../project/shape.ts'
import type { Captured } from './captured.ts'
import type { MacroRegistry } from './macro-registry.ts'
import type { GenericTest, Node, NodeConfig } from './nodes.ts'
import type { Patch } from './schema-files.ts'

/** What makes a node of a kind: its defaults, its configuration tree and where its names begin. */
export interface NodeKind {
  readonly resourceType: 'model' | 'test'
  readonly defaults: NodeConfig
  readonly tree: Mapping
}

/** What builders of nodes need of the parser. */
export interface NodeMaker {
  readonly project: Project
  readonly invocation: Invocation
  readonly macros: MacroRegistry
  node(kind: NodeKind, parts: NodeParts): Node
}

export interface NodeParts {
  readonly name: string
  readonly file: string
  readonly path: string
  readonly fqn: readonly string[]
  readonly rawCode: string
  readonly template: Template
  readonly patch?: Patch | undefined
  readonly description?: string
  readonly hash?: string
  readonly generic?: GenericTest
  /** How the node is rendered for its references when its template alone is not enough. */
  readonly captured?: (self: Relation, known: NodeConfig) => Captured
}

/** The folders of a file below the folder of its kind. */
export function folders(file: string): string[] {
  return dirname(file)
    .split('/')
    .slice(1)
    .filter((part) => part !== '')
}
