import type { Node, Reference } from './nodes.ts'

/** Whether a reference means this node, of those that the referring one depends on: no version means the latest. */
export function refersTo(ref: Reference, target: Node): boolean {
  if (target.name !== ref.name || (ref.package !== null && target.packageName !== ref.package)) return false
  if (ref.version !== null) return String(target.version) === String(ref.version)
  return target.version === target.latestVersion
}
