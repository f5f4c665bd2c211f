import type { Selectable } from './selectable.ts'
import { isNode } from './selectable.ts'

/** `config`: dbt compares by type: text with text as it is written, true and false in any case, and lists by their members. */
export function matchesConfig(node: Selectable, value: unknown, keys: readonly string[]): boolean {
  if (!isNode(node) && node.resourceType !== 'source') return false
  const found = keys.reduce<unknown>(
    (level, key) => (isPlain(level) && Object.hasOwn(level, key) ? level[key] : undefined),
    node.config,
  )
  if (found === undefined) return false
  const isSeverity = keys.length === 1 && keys[0] === 'severity'
  const word = String(value).toLowerCase()
  if (Array.isArray(found)) {
    return found.some(
      (item: unknown) =>
        isSame(item, value, isSeverity) ||
        (word === 'true' && (item === true || item === 1)) ||
        (word === 'false' && (item === false || item === 0)),
    )
  }
  return isSame(found, value, isSeverity) || (typeof found === 'boolean' && String(found) === word)
}

function isPlain(level: unknown): level is Readonly<Record<string, unknown>> {
  return typeof level === 'object' && level !== null && !Array.isArray(level)
}

/** Text against text; in Python a number and a truth value may be the same, too. */
function isSame(item: unknown, value: unknown, anyCase: boolean): boolean {
  if (typeof item === 'string' && typeof value === 'string')
    return anyCase ? item.toUpperCase() === value.toUpperCase() : item === value
  if (typeof item === 'string' || typeof value === 'string') return false
  if (item === null || typeof item === 'object') return item === value
  return Number(item) === Number(value)
}
