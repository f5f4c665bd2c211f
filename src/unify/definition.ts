import type { ConversionDefinition } from '../domain/conversion-definition.ts'
import type { MetricSource, RawMapping } from '../domain/mapping.ts'

/**
 * The mapping with its conversions counted by the definition; the same mapping when the platform tells no actions, or none is in
 * force. What this makes of raw rows, the warehouse's recount makes of stored actions: a test holds the two together.
 */
export function withDefinition(mapping: RawMapping, definition: ConversionDefinition | null): RawMapping {
  if (!mapping.actions || !definition) return mapping
  const { pick, actionTypes, windows } = definition
  const from = pick === 'sum' ? 'sumActions' : 'firstAction'
  const source = (column: string): MetricSource => ({ from, column, actionTypes, windows, absent: 'zero' })
  return {
    ...mapping,
    conversions: source(mapping.actions.conversions),
    conversionValue: source(mapping.actions.values),
  }
}
