import { Relation } from '../adapter/relation.ts'
import { Template } from '../jinja/template.ts'
import { capture } from '../parse/captured.ts'
import { mergeConfig, modelDefaults } from '../parse/config.ts'
import type { Node } from '../parse/nodes.ts'
import { resolvedAgainst } from '../parse/resolve.ts'
import type { Prepared } from './prepare.ts'
import { bareNode } from './runnable.ts'

export const INLINE_NAME = 'inline_query'

/** SQL of the command line as a node of the project. Throws what parsing a file of it would throw. */
export function inlineNode({ invocation, macros, manifest, quoting }: Prepared, sql: string): Node {
  const { target, projectName } = invocation
  const file = 'from remote system.sql'
  const template = Template.parse(sql, file)
  const self = new Relation({ database: target.database, schema: target.schema, identifier: INLINE_NAME })
  const knownConfig = modelDefaults()
  const captured = capture({ invocation, macros, template, self, knownConfig, packageName: projectName })
  const node: Node = {
    ...bareNode({
      uniqueId: `sql_operation.${projectName}.${INLINE_NAME}`,
      name: INLINE_NAME,
      packageName: projectName,
    }),
    resourceType: 'sql_operation',
    path: `sql/${INLINE_NAME}`,
    originalFilePath: file,
    fqn: [projectName, 'sql', INLINE_NAME],
    database: target.database,
    schema: target.schema,
    alias: INLINE_NAME,
    config: mergeConfig({ ...knownConfig, quoting }, captured.config),
    rawCode: sql,
    template,
    refs: captured.refs,
    sources: captured.sources,
    dependsOnMacros: captured.macros,
  }
  return { ...node, dependsOnNodes: resolvedAgainst(node, manifest) }
}
