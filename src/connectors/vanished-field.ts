import { isMillraceError } from '../domain/errors.ts'
import type { RawMapping } from '../domain/mapping.ts'

/** Columns that a number, a day or an id is made of; without one of them facts would be made of nothing. */
function bearing(mapping: RawMapping): ReadonlySet<string> {
  const { cost, impressions, clicks, linkClicks, videoViews, conversions, conversionValue } = mapping
  const sources = [cost, impressions, clicks, linkClicks, videoViews, conversions, conversionValue]
  const metrics = sources.flatMap((source) =>
    source.from === 'none' ? [] : source.from === 'sum' ? source.columns : [source.column],
  )
  const keys = [mapping.date, mapping.entityId, mapping.currency ?? '']
  return new Set([...keys, ...metrics, ...Object.values(mapping.actions ?? {})])
}

/** Columns that may be missing without a number being wrong. */
export function dispensable(mapping: RawMapping): ReadonlySet<string> {
  const needed = bearing(mapping)
  return new Set(mapping.columns.filter(({ name, required }) => !required && !needed.has(name)).map(({ name }) => name))
}

/**
 * The field that a platform says it does not know (any more), among those that may be left out; undefined when the error is about
 * something else, names none of them, or one that numbers are made of: then the slice fails and what was published stays.
 */
export function vanishedField(error: unknown, fields: Iterable<string>): string | undefined {
  if (!isMillraceError(error, 'CONNECTORS_SCHEMA_DRIFT')) return undefined
  const detail = String(error.facts['detail'])
  const words = new Set(detail.match(/[\w.]*\w/g))
  return [...fields].find((name) => words.has(name))
}
