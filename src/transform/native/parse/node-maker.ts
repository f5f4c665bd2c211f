import { createHash } from 'node:crypto'
import { dirname } from 'node:path'
import type { Invocation } from '../context/base-names.ts'
import type { Relation } from '../adapter/relation.ts'
import type { Template } from '../jinja/template.ts'
import type { Project, ProjectConfigs } from '../project/project-file.ts'
import type { Mapping } from '../project/shape.ts'
import type { Captured } from './captured.ts'
import type { MacroRegistry } from './macro-registry.ts'
import type { GenericTest, Node, NodeConfig, ResourceType } from './nodes.ts'
import type { Patch } from './schema-files.ts'

/** What makes a node of a kind: its defaults, its configuration tree and where its names begin. */
export interface NodeKind {
  readonly resourceType: ResourceType
  readonly defaults: NodeConfig
  /** Which of a project's configuration trees is about it. */
  readonly tree: keyof ProjectConfigs
}

/** What builders of nodes need of the parser. */
export interface NodeMaker {
  readonly project: Project
  readonly root: Project
  readonly invocation: Invocation
  readonly macros: MacroRegistry
  /** What a project's tree says of a node, from the outermost folder inwards. */
  levels(project: Project, tree: keyof ProjectConfigs, fqn: readonly string[]): readonly Mapping[]
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
  /** Beside those of its configuration: of a test those of what it is about, of a hook when it runs. */
  readonly tags?: readonly string[]
  /** Of a file whose checksum is not that of its raw code. */
  readonly checksumText?: string
  /** Of a test: the group of what it is about. */
  readonly group?: string | null
  /** How the node is rendered for its references when its template alone is not enough. */
  readonly captured?: (self: Relation, known: NodeConfig) => Captured
}

/** What tells one state of a node's file from another; generic tests have none. */
export function checksumOf({ generic, checksumText, rawCode }: NodeParts): Node['checksum'] {
  if (generic !== undefined) return { name: 'none', checksum: '' }
  return {
    name: 'sha256',
    checksum: createHash('sha256')
      .update(checksumText ?? rawCode)
      .digest('hex'),
  }
}

/** The folders of a file below the folder of its kind. */
export function folders(file: string): string[] {
  return dirname(file)
    .split('/')
    .slice(1)
    .filter((part) => part !== '')
}
