import type { AdAccount } from '../domain/account.ts'
import type { MetricSource, RawMapping, RawType } from '../domain/mapping.ts'
import type { ExtractRecord, MetricBatch } from '../domain/metric.ts'
import type { Lake } from '../lake/lake.ts'
import { linesOfFiles } from '../lake/lines.ts'
import { quotedName, quotedText } from '../lake/parquet.ts'
import { readExtract } from './remap.ts'

/**
 * The facts of an extract as a load takes them: what `readExtract` reads, as lines of text where the mapping is one that SQL can carry
 * out, which takes a fifth of the time. A lot of files in which anything is out of the ordinary (a value that is missing, another
 * currency, an id with odd characters) goes the long way, which is the one that names what is wrong. Throws what `readExtract` throws.
 */
export async function* readForLoad(
  lake: Lake,
  extract: Pick<ExtractRecord, 'rawKeys'>,
  mapping: RawMapping,
  account: Pick<AdAccount, 'currency'>,
): AsyncGenerator<MetricBatch, void, undefined> {
  const fields = lineFields(mapping, account)
  if (fields === null) {
    yield* readExtract(lake, extract, mapping, account)
    return
  }
  const days = Object.entries(extract.rawKeys).sort(([a], [b]) => (a < b ? -1 : 1))
  const dayOf = new Map(days.map(([date, key]) => [key, date]))
  const keys = days.map(([, key]) => key)
  for await (const lot of linesOfFiles(lake, keys, fields)) {
    if ('lines' in lot) for await (const lines of lot.lines) yield { lines }
    else {
      const rawKeys = Object.fromEntries(lot.keys.map((key) => [dayOf.get(key) ?? '', key]))
      yield* readExtract(lake, { rawKeys }, mapping, account)
    }
  }
}

/** Ids as platforms give them. Another one is no error, but its text might have to be escaped. */
const plainId = '[0-9A-Za-z_.:-]+'

/** Raises an error in DuckDB: the lot is then read the long way. */
const refuse = `error('the long way')`

/**
 * Pure: a mapping as SQL over raw columns, in the order of the fields of `MetricLines`; null for a mapping that reads lists of
 * actions, sums columns or is finer than a day of an entity. A test holds it and `unifyRows` together.
 */
export function lineFields(mapping: RawMapping, account: Pick<AdAccount, 'currency'>): readonly string[] | null {
  const typeOf = new Map(mapping.columns.map(({ name, type }) => [name, type]))
  if (mapping.grain !== 'exact' || mapping.actions || typeOf.get(mapping.date) !== 'day') return null
  if (!/^[A-Z]{3}$/.test(account.currency)) return null
  const numbers = [
    number(mapping.cost, typeOf, 'amount', true),
    number(mapping.impressions, typeOf, 'count', true),
    number(mapping.clicks, typeOf, 'count', true),
    number(mapping.linkClicks, typeOf, 'count', false),
    number(mapping.videoViews, typeOf, 'count', false),
    number(mapping.conversions, typeOf, 'amount', true),
    number(mapping.conversionValue, typeOf, 'amount', false),
  ].filter((field) => field !== null)
  if (numbers.length < 7) return null
  const date = quotedName(mapping.date)
  const id = quotedName(mapping.entityId)
  const currency = quotedText(account.currency)
  return [
    `case when ${date} is null then ${refuse} else ${date} end`,
    `case when regexp_full_match(${id}, '${plainId}') then ${id} else ${refuse} end`,
    mapping.currency === null
      ? currency
      : `case when ${quotedName(mapping.currency)} = ${currency} then ${currency} else ${refuse} end`,
    ...numbers,
    'null',
  ]
}

/** One number of the canonical row. One that every fact has may not be null; a count must be whole at rest, or it goes the long way. */
function number(
  source: MetricSource,
  typeOf: ReadonlyMap<string, RawType>,
  kind: 'amount' | 'count',
  isKnown: boolean,
): string | null {
  if (source.from === 'none') return isKnown ? '0' : 'null'
  if (source.from !== 'column' && source.from !== 'micros') return null
  const type = typeOf.get(source.column)
  const isWhole = type === 'bigint'
  if (!isWhole && (type !== 'decimal' || kind === 'count' || source.from === 'micros')) return null
  const column = quotedName(source.column)
  // Exact: a whole number times one millionth, whose digits are the same. A value beyond eighteen digits is refused by the cast.
  const value = source.from === 'micros' ? `(${column}::decimal(18,0) * '0.000001'::decimal(7,6))` : column
  if (source.absent === 'zero') return `coalesce(${value}, 0)`
  return isKnown ? `case when ${column} is null then ${refuse} else ${value} end` : value
}
