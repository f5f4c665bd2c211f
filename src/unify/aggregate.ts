import type { Decimal } from '../domain/decimal.ts'
import { addDecimals } from '../domain/decimal.ts'
import type { ActionMetric, DailyMetric } from '../domain/metric.ts'

/** Collects rows that are finer than entity × day and sums them. Holds one row per entity and day, however many come in. */
export interface FinerSums {
  add(metrics: readonly DailyMetric[]): void
  /** In the order in which the entities and days were first met. */
  rows(): readonly DailyMetric[]
}

/**
 * Rows of two currencies are never summed into one: they stay two rows of one entity and day, which the audit refuses.
 * A metric is null only where every row has none, as `sum` in SQL has it.
 */
export function finerSums(): FinerSums {
  const sums = new Map<string, DailyMetric>()
  return {
    add(metrics) {
      for (const metric of metrics) {
        const key = `${metric.date}|${metric.currency}|${metric.entityId}`
        const before = sums.get(key)
        sums.set(key, before ? added(before, metric) : metric)
      }
    },
    rows: () => [...sums.values()],
  }
}

/** Sums rows by entity, day and currency, exactly. */
export function aggregateFiner(metrics: readonly DailyMetric[]): readonly DailyMetric[] {
  const sums = finerSums()
  sums.add(metrics)
  return sums.rows()
}

function added(a: DailyMetric, b: DailyMetric): DailyMetric {
  return {
    entityId: a.entityId,
    date: a.date,
    currency: a.currency,
    cost: addDecimals(a.cost, b.cost),
    impressions: addDecimals(a.impressions, b.impressions),
    clicks: addDecimals(a.clicks, b.clicks),
    linkClicks: addedNullable(a.linkClicks, b.linkClicks),
    videoViews: addedNullable(a.videoViews, b.videoViews),
    conversions: addDecimals(a.conversions, b.conversions),
    conversionValue: addedNullable(a.conversionValue, b.conversionValue),
    ...((a.actions || b.actions) && { actions: addedActions([...(a.actions ?? []), ...(b.actions ?? [])]) }),
  }
}

function addedNullable(a: Decimal | null, b: Decimal | null): Decimal | null {
  if (a === null) return b
  return b === null ? a : addDecimals(a, b)
}

function addedActions(actions: readonly ActionMetric[]): readonly ActionMetric[] {
  const sums = new Map<string, ActionMetric>()
  for (const action of actions) {
    const key = `${action.actionKey}|${action.window}`
    const before = sums.get(key)
    sums.set(
      key,
      before
        ? {
            ...before,
            conversions: addedNullable(before.conversions, action.conversions),
            value: addedNullable(before.value, action.value),
          }
        : action,
    )
  }
  return [...sums.values()]
}
