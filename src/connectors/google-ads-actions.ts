import type { DayRange } from '../domain/day.ts'
import type { RawMapping, RawRow } from '../domain/mapping.ts'
import type { GoogleLevel } from './google-ads-levels.ts'
import type { GoogleRow } from './google-ads-rows.ts'

/**
 * Conversions by action cannot be asked for beside costs: segments.conversion_action goes with no other metric than conversions. So they
 * are a query of their own, one operation more for a range. All conversions, not the primary ones alone: a definition may count others.
 */
export function actionsQuery({ since, until }: DayRange): string {
  return `SELECT segments.date, campaign.id, segments.conversion_action, segments.conversion_action_name, segments.conversion_action_category, metrics.all_conversions, metrics.all_conversions_value FROM campaign WHERE segments.date BETWEEN '${since}' AND '${until}' PARAMETERS omit_unselected_resource_names=true`
}

interface Lists {
  readonly counts: string[]
  readonly values: string[]
}

/** Conversions by action, by the day and campaign whose rows they belong to. */
export type GoogleActions = ReadonlyMap<string, Lists>

const textOf = (value: unknown) => (typeof value === 'string' || typeof value === 'number' ? String(value) : '')

/** An action is known by its number: names may be changed and are told beside it. */
export function actionsByRow(rows: readonly GoogleRow[]): GoogleActions {
  const found = new Map<string, Lists>()
  for (const { segments = {}, campaign = {}, metrics = {} } of rows) {
    const key = `${textOf(segments['date'])}|${textOf(campaign['id'])}`
    const lists = found.get(key) ?? { counts: [], values: [] }
    found.set(key, lists)
    const action = {
      action_type: textOf(segments['conversionAction']).replace(/^.*\//, ''),
      name: textOf(segments['conversionActionName']),
      category: textOf(segments['conversionActionCategory']),
    }
    const told = (value: unknown) => JSON.stringify({ ...action, value: textOf(value) || '0' })
    lists.counts.push(told(metrics['allConversions']))
    lists.values.push(told(metrics['allConversionsValue']))
  }
  return found
}

const actionColumns = [
  { name: 'actions', type: 'json', required: false },
  { name: 'action_values', type: 'json', required: false },
] as const

/** The mapping of campaigns whose actions are read, too. */
export function mappingWithActions(mapping: RawMapping): RawMapping {
  const columns = [...mapping.columns, ...actionColumns]
  return { ...mapping, columns, actions: { conversions: 'actions', values: 'action_values' } }
}

/** The level with the lists of each row beside its metrics. */
export function levelWithActions(level: GoogleLevel, actions: GoogleActions): GoogleLevel {
  const mapping = mappingWithActions(level.mapping)
  const listed = (list: readonly string[] | undefined) => (list ? `[${list.join(',')}]` : null)
  const fromCells = (cells: Parameters<GoogleLevel['flat']['fromCells']>[0]): RawRow => {
    const row = level.flat.fromCells(cells) as RawRow
    const lists = actions.get(`${row[mapping.date]}|${row[mapping.entityId]}`)
    return { ...row, actions: listed(lists?.counts), action_values: listed(lists?.values) }
  }
  return { ...level, mapping, flat: { ...level.flat, fromCells } }
}
