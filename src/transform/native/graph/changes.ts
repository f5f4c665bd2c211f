import { isDeepStrictEqual } from 'node:util'
import { isMapping } from '../project/shape.ts'
import type { PreviousEntry } from './previous-state.ts'

/** An entry of a manifest as JSON has it, now or then. */
type Entry = PreviousEntry

/** dbt keeps these out of a comparison of configuration: they are part of the representation, or change nothing that is built. */
const NOT_COMPARED: ReadonlySet<string> = new Set(['alias', 'schema', 'database', 'tags', 'group'])

function same(now: Entry, then: Entry, ...keys: readonly string[]): boolean {
  return keys.every((key) => isDeepStrictEqual(now[key] ?? null, then[key] ?? null))
}

function mapping(value: unknown): Entry {
  return isMapping(value) ? value : {}
}

export function hasSameBody(now: Entry, then: Entry): boolean {
  return now['resource_type'] === 'seed' ? same(now, then, 'checksum') : same(now, then, 'raw_code')
}

/** Configuration as it was written, key by key. */
export function hasSameConfig(now: Entry, then: Entry): boolean {
  const [mine, theirs] = [mapping(now['unrendered_config']), mapping(then['unrendered_config'])]
  const keys = new Set([...Object.keys(mine), ...Object.keys(theirs)].filter((key) => !NOT_COMPARED.has(key)))
  return [...keys].every((key) => key in mine && key in theirs && isDeepStrictEqual(mine[key], theirs[key]))
}

/** Descriptions count where they are written into the database. */
export function hasSamePersistedDescription(now: Entry, then: Entry): boolean {
  const persisted = mapping(mapping(now['config'])['persist_docs'])
  if (persisted['relation'] === true && !same(now, then, 'description')) return false
  return persisted['columns'] !== true || isDeepStrictEqual(columnTexts(now), columnTexts(then))
}

function columnTexts(entry: Entry): object {
  const columns = Object.entries(mapping(entry['columns']))
  return Object.fromEntries(columns.map(([name, column]) => [name, mapping(column)['description']]))
}

/** Where a node goes, as its configuration says it. */
export function hasSameRelation(now: Entry, then: Entry): boolean {
  if (now['resource_type'] === 'source') return same(now, then, 'database', 'schema', 'identifier')
  return same(mapping(now['unrendered_config']), mapping(then['unrendered_config']), 'database', 'schema', 'alias')
}

/** A contract that nobody enforces, then or now, has not changed. */
export function hasSameContract(now: Entry, then: Entry): boolean {
  if (now['resource_type'] !== 'model') return true
  const [mine, theirs] = [mapping(now['contract']), mapping(then['contract'])]
  if (theirs['enforced'] !== true) return mine['enforced'] !== true
  return mine['enforced'] === true && same(mine, theirs, 'checksum')
}

/** Whether dbt counts an entry as changed by what it says itself; macros are looked at elsewhere. */
export function hasSameContents(now: Entry, then: Entry | undefined): boolean {
  const type = String(now['resource_type'])
  const ownKeys = Object.hasOwn(DESCRIBED_KEYS, type) ? DESCRIBED_KEYS[type] : undefined
  // What is only described is new, not changed, when it was not there before.
  if (then === undefined) return ownKeys !== undefined
  if (ownKeys !== undefined) return ownContents(type, now, then, ownKeys)
  if (type === 'unit_test') return same(now, then, 'checksum')
  if (type === 'test' && now['test_metadata'] !== undefined) return hasSameConfig(now, then) && same(now, then, 'fqn')
  return (
    hasSameBody(now, then) &&
    hasSameConfig(now, then) &&
    hasSamePersistedDescription(now, then) &&
    same(now, then, 'fqn') &&
    hasSameRelation(now, then) &&
    hasSameContract(now, then) &&
    (type !== 'model' || same(now, then, 'latest_version', 'access', 'deprecation_date'))
  )
}

/** What of a described entry makes it another one. */
const DESCRIBED_KEYS: Readonly<Record<string, readonly string[]>> = {
  source: ['fqn', 'quoting', 'freshness', 'loaded_at_field', 'external'],
  exposure: ['fqn', 'type', 'owner', 'maturity', 'url', 'description', 'label'],
  metric: ['type', 'description', 'label'],
  semantic_model: ['model', 'description', 'defaults', 'entities', 'dimensions', 'measures', 'primary_entity', 'group'],
  saved_query: ['query_params', 'description', 'label', 'group', 'exports', 'tags'],
}

function ownContents(type: string, now: Entry, then: Entry, keys: readonly string[]): boolean {
  if (type === 'source' && !hasSameRelation(now, then)) return false
  if (type === 'exposure' && !isDeepStrictEqual(parents(now), parents(then))) return false
  return same(now, then, ...keys) && hasSameConfig(now, then)
}

function parents(entry: Entry): readonly string[] {
  const nodes = mapping(entry['depends_on'])['nodes']
  return Array.isArray(nodes) ? nodes.map(String).sort() : []
}
