import type { AdAccount } from '../domain/account.ts'
import type { Day } from '../domain/day.ts'
import type { Decimal } from '../domain/decimal.ts'
import { zero } from '../domain/decimal.ts'
import { MillraceError } from '../domain/errors.ts'
import type { MetricSource, RawMapping, RawRow } from '../domain/mapping.ts'
import type { DailyMetric } from '../domain/metric.ts'
import { currency } from '../domain/money.ts'
import { isDay } from '../lake/cell.ts'
import type { Read } from './source.ts'
import { Unreadable, readAllActions, reader, unreadable } from './source.ts'

/**
 * Raw rows of one account as canonical daily metrics, one for one and in their order; pure, so that a batch can be mapped alone and
 * an extract mapped again years later. It never divides: ratios are made where they are shown, from sums.
 * Rows of a mapping with grain `finer` still have to be summed: `aggregateFiner`.
 * Throws UNIFY_VALUE_INVALID, UNIFY_VALUE_MISSING, DOMAIN_CURRENCY_UNKNOWN.
 */
export function unifyRows(
  rows: readonly RawRow[],
  mapping: RawMapping,
  account: Pick<AdAccount, 'currency'>,
): readonly DailyMetric[] {
  const unify = compiled(mapping)
  return rows.map((row) => unify(row, account))
}

type Unify = (row: RawRow, account: Pick<AdAccount, 'currency'>) => DailyMetric

const compilations = new WeakMap<RawMapping, Unify>()

function compiled(mapping: RawMapping): Unify {
  const known = compilations.get(mapping)
  if (known) return known
  const unify = compile(mapping)
  compilations.set(mapping, unify)
  return unify
}

function compile(mapping: RawMapping): Unify {
  const cost = known(mapping, mapping.cost)
  const impressions = known(mapping, mapping.impressions)
  const clicks = known(mapping, mapping.clicks)
  const conversions = known(mapping, mapping.conversions)
  const linkClicks = reader(mapping.linkClicks)
  const videoViews = reader(mapping.videoViews)
  const conversionValue = reader(mapping.conversionValue)
  const { actions } = mapping
  return (row, account) => {
    try {
      return {
        entityId: present(row, mapping, mapping.entityId),
        date: dayOf(row, mapping),
        currency: mapping.currency === null ? account.currency : currency(present(row, mapping, mapping.currency)),
        cost: cost(row),
        impressions: impressions(row),
        clicks: clicks(row),
        linkClicks: linkClicks(row),
        videoViews: videoViews(row),
        conversions: conversions(row),
        conversionValue: conversionValue(row),
        ...(actions && { actions: readAllActions(row, actions) }),
      }
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error
      throw unreadable(error, row[mapping.entityId] ?? '', row[mapping.date] ?? '')
    }
  }
}

/** A metric that every fact has. No such metric on the platform is zero; a metric that may be null and is, is not known: refused. */
function known(mapping: RawMapping, source: MetricSource): (row: RawRow) => Decimal {
  if (source.from === 'none') return () => zero
  const read: Read = reader(source)
  const columns = source.from === 'sum' ? source.columns.join(' + ') : source.column
  return (row) => read(row) ?? missing(row, mapping, columns)
}

function missing(row: RawRow, mapping: RawMapping, column: string): never {
  throw new MillraceError('UNIFY_VALUE_MISSING', {
    column,
    entityId: row[mapping.entityId] ?? '',
    date: row[mapping.date] ?? '',
  })
}

function present(row: RawRow, mapping: RawMapping, column: string): string {
  return row[column] ?? missing(row, mapping, column)
}

function dayOf(row: RawRow, mapping: RawMapping): Day {
  const date = present(row, mapping, mapping.date)
  if (!isDay(date)) throw new Unreadable(mapping.date, date)
  return date as Day
}
