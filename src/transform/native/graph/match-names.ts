import { existsSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { MillraceError } from '../../../domain/errors.ts'
import { fnmatch, hasWildcard } from './fnmatch.ts'
import { isNode } from './selectable.ts'
import type { Selectable } from './selectable.ts'

/** `fqn`: the last name, or the qualified name from the project or below it. */
export function matchesFqn(node: Selectable, value: string): boolean {
  if (node.resourceType === 'source') return false
  const isVersioned = versionOf(node) !== null
  return isNamed(node.fqn, value, isVersioned) || isNamed(node.fqn.slice(1), value, isVersioned)
}

/** A model's version; null for what has none. */
export function versionOf(node: Selectable): string | number | null {
  const version = 'version' in node ? node.version : undefined
  return typeof version === 'string' || typeof version === 'number' ? version : null
}

/** From its first wildcard on, a pattern is held against all that is left of the qualified name. */
function isNamed(fqn: readonly string[], value: string, isVersioned: boolean): boolean {
  const parts = value.split('.')
  if (isVersioned) {
    if (fqn.at(-2) === value || fqn.slice(-2).join('_') === parts.slice(-2).join('_')) return true
  } else if (fqn.at(-1) === value) return true
  const flat = fqn.flatMap((segment) => segment.split('.'))
  if (flat.length < parts.length) return false
  const wild = parts.findIndex((part) => hasWildcard(part))
  const fixed = wild < 0 ? parts : parts.slice(0, wild)
  if (!fixed.every((part, at) => flat[at] === part)) return false
  if (wild < 0) return true
  if (fnmatch(flat.slice(wild).join('.'), parts.slice(wild).join('.'))) return true
  const leaf = isVersioned ? fqn.at(-2) : fqn.at(-1)
  return !value.includes('.') && leaf !== undefined && fnmatch(leaf, value)
}

/** `path`: a file, a folder above it or the schema file that describes it, by a pattern of paths that exist in the project. */
export function matchesPath(node: Selectable, value: string, projectFolder: string): boolean {
  const pattern = value.split('/').filter((part) => part !== '' && part !== '.')
  const fits = (path: string): boolean =>
    isPath(path === '.' ? [] : path.split('/'), pattern) && existsSync(join(projectFolder, path))
  const [, patch] = (('patchPath' in node ? node.patchPath : null) ?? '').split('://')
  return [...withParents(node.originalFilePath), ...(patch === undefined ? [] : [patch])].some(fits)
}

function withParents(path: string): string[] {
  const clean = path.replace(/^\.\//, '')
  const parent = dirname(clean)
  return clean === '.' ? ['.'] : [clean, ...withParents(parent)]
}

/** A pattern of a path, part by part; `**` is any number of folders. */
function isPath(path: readonly string[], pattern: readonly string[]): boolean {
  const [part, ...rest] = pattern
  if (part === undefined) return path.length === 0
  if (part === '**') {
    if (rest.length === 0) return path.length === 0 || extname(path.at(-1) ?? '') === ''
    return path.some((_folder, at) => isPath(path.slice(at), rest))
  }
  const [first, ...others] = path
  return first !== undefined && fnmatch(first, part) && isPath(others, rest)
}

export function matchesFile(node: Selectable, value: string): boolean {
  const name = basename(node.originalFilePath)
  return fnmatch(name, value) || fnmatch(basename(name, extname(name)), value)
}

/** `source`: a source, a table of it, or one of a package, by wildcards. */
export function matchesSource(node: Selectable, value: string): boolean {
  const [table = '*', source = '*', packageName = '*', ...surplus] =
    value.split('.').length === 1 ? ['*', value] : value.split('.').toReversed()
  if (surplus.length > 0) invalid('source', value, 'source, source.table or package.source.table')
  if (node.resourceType !== 'source') return false
  return fnmatch(node.packageName, packageName) && fnmatch(node.sourceName, source) && fnmatch(node.name, table)
}

/** `exposure`, `metric` and their kin: a name, or a package and a name. */
export function matchesKind(node: Selectable, kind: Selectable['resourceType'], value: string): boolean {
  const [name = '', packageName = '*', ...surplus] = value.split('.').toReversed()
  if (surplus.length > 0) invalid(kind, value, 'a name, or package.name')
  return node.resourceType === kind && fnmatch(node.packageName, packageName) && fnmatch(node.name, name)
}

export function matchesTestName(node: Selectable, value: string): boolean {
  if (node.resourceType === 'unit_test') return fnmatch(node.name, value)
  return isNode(node) && node.genericTest !== null && fnmatch(node.genericTest.name, value)
}

/** dbt looks for the value inside the words `data`, `singular` and `unit`, in this order. */
export function matchesTestType(node: Selectable, value: string): boolean {
  const isGeneric = isNode(node) && node.genericTest !== null
  const isSingular = isNode(node) && node.resourceType === 'test' && node.genericTest === null
  if (value === 'generic' || value === 'schema') return isGeneric
  if ('data'.includes(value)) return isGeneric || isSingular
  if ('singular'.includes(value)) return isSingular
  if ('unit'.includes(value)) return node.resourceType === 'unit_test'
  return invalid('test_type', value, 'generic, singular, unit or data')
}

const resourceTypes: ReadonlySet<string> = new Set([
  'model',
  'analysis',
  'test',
  'snapshot',
  'operation',
  'seed',
  'sql_operation',
  'doc',
  'source',
  'macro',
  'exposure',
  'metric',
  'group',
  'saved_query',
  'semantic_model',
  'unit_test',
  'fixture',
  'function',
])

export function matchesResourceType(node: Selectable, value: string): boolean {
  if (!resourceTypes.has(value)) invalid('resource_type', value, [...resourceTypes].join(', '))
  return node.resourceType === value
}

export function invalid(method: string, value: string, expected: string): never {
  throw new MillraceError('TRANSFORM_SELECTOR_VALUE', { method, value, expected })
}
