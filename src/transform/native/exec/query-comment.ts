import { MillraceError } from '../../../domain/errors.ts'
import { DBT_VERSION, baseNames } from '../context/base-names.ts'
import { NodeContext } from '../context/node-context.ts'
import { fromHost, toJson } from '../jinja/json.ts'
import { Macro } from '../jinja/macro.ts'
import { Template, callMacro } from '../jinja/template.ts'
import { str } from '../jinja/text.ts'
import type { SessionComment } from '../adapter/session.ts'
import type { Node, Source } from '../parse/nodes.ts'
import type { Project } from './compile-node.ts'
import { nodeContent, sourceContent } from './manifest-file.ts'

/**
 * What stands beside every statement of a connection: dbt's own JSON, or the project's `query-comment`, a template that sees the
 * connection's name and the node; an empty one leaves statements as they are.
 */
export async function queryComment(
  project: Project,
  name: string,
  node: Node | Source | null,
): Promise<SessionComment> {
  const { comment, isAppended } = project.queryComment
  if (comment === undefined) return { text: usual(project, name, node), isAppended }
  const text = comment === '' ? '' : await written(project, comment, name, node)
  if (text.includes('*/'))
    throw new MillraceError('TRANSFORM_RAISED', { message: `query comment contains illegal value "*/": ${text}` })
  return { text: text.trim(), isAppended }
}

function usual({ invocation }: Project, name: string, node: Node | Source | null): string {
  const { target } = invocation
  const content = {
    app: 'dbt',
    dbt_version: DBT_VERSION,
    profile_name: target.profileName,
    target_name: target.name,
    ...(node === null ? { connection_name: name } : { node_id: node.uniqueId }),
  }
  return toJson(fromHost(content)).replaceAll('*/', '* /')
}

async function written(project: Project, comment: string, name: string, node: Node | Source | null): Promise<string> {
  const source = `{%- macro query_comment_macro(connection_name, node) -%}\n${comment}\n{% endmacro %}`
  const template = Template.parse(source, 'dbt_project.yml')
  const [definition] = template.definitions
  if (definition === undefined) return ''
  const { macros, invocation } = project
  const names = baseNames(invocation)
  const context = new NodeContext({ macros, mode: 'async', permissive: true, names })
  const at = { nowMs: invocation.startedAtMs }
  const content =
    node === null ? null : node.resourceType === 'source' ? sourceContent(node, at) : nodeContent(node, undefined, at)
  return str(await callMacro(new Macro(template.macro(definition, 'async'), context), [name, fromHost(content)]))
}
