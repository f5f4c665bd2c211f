import { MillraceError } from '../../../domain/errors.ts'
import type { DescribedEntry, Node } from './nodes.ts'

type Referring = Pick<Node, 'uniqueId' | 'packageName' | 'group'>

/**
 * Whether a node may refer to a model: to a private one only from its own group, to a protected one of a package that restricts access only
 * from that package. Throws TRANSFORM_ACCESS_DENIED.
 */
export function checkAccess(node: Referring, target: Node, restricted: ReadonlySet<string>): void {
  if (target.resourceType !== 'model') return
  const { access } = target.config
  const isElsewhere = node.packageName !== target.packageName && restricted.has(target.packageName)
  const isStranger = access === 'private' && (node.group === null || node.group !== target.group)
  if (!isStranger && !(isElsewhere && access !== 'public')) return
  throw new MillraceError('TRANSFORM_ACCESS_DENIED', {
    node: node.uniqueId,
    target: target.uniqueId,
    access: String(access),
    scope: isStranger || access === 'private' ? `group '${target.group ?? 'None'}'` : `package '${target.packageName}'`,
  })
}

/** Throws TRANSFORM_GROUP_UNKNOWN for a group that nobody defines and TRANSFORM_ACCESS_INVALID for an access that dbt does not know. */
export function checkGroups(nodes: Iterable<Node>, described: readonly DescribedEntry[]): void {
  const groups = described.filter(({ resourceType }) => resourceType === 'group')
  for (const node of nodes) {
    if (node.resourceType !== 'model' && node.group === null) continue
    const names = groups.filter(({ packageName }) => packageName === node.packageName).map(({ name }) => name)
    if (node.group !== null && !names.includes(node.group))
      throw new MillraceError('TRANSFORM_GROUP_UNKNOWN', {
        node: node.uniqueId,
        group: node.group,
        groups: names.sort().join(', '),
      })
    if (node.resourceType === 'model') checkAccessWord(node)
  }
}

const ACCESS: ReadonlySet<unknown> = new Set(['private', 'protected', 'public'])

function checkAccessWord({ uniqueId, config }: Node): void {
  const { access, materialized } = config
  if (ACCESS.has(access) && !(access === 'public' && materialized === 'ephemeral')) return
  throw new MillraceError('TRANSFORM_ACCESS_INVALID', {
    node: uniqueId,
    access: String(access),
    materialized: String(materialized),
  })
}
