import { isoInstant } from '../domain/clock.ts'
import type { ConversionDefinition } from '../domain/conversion-definition.ts'
import { partitionText } from '../domain/metric.ts'
import type { PartitionKey } from '../domain/metric.ts'
import { lockPartitions } from './partition-state.ts'
import type { Session } from './warehouse.ts'

/** What a recount changed. */
export interface Recounted {
  readonly partitions: number
  /** Facts whose conversions or value are another number now. */
  readonly changed: number
}

/**
 * Counts the conversions of partitions anew from their stored actions, by the definition; inside the caller's transaction, under the
 * partitions' locks. What changed is written down by partition. A partition's fingerprint is forgotten, because it is that of the
 * rows as they were loaded: the next load compares.
 */
export async function recountPartitions(
  session: Session,
  ids: readonly number[],
  definition: ConversionDefinition,
  { version, atMs }: { readonly version: number; readonly atMs: number },
): Promise<Recounted> {
  const partitions = ids.map(String)
  const keys = await session.query<PartitionKey & Readonly<Record<string, unknown>>>(
    `select platform, account_id as "accountId", level, breakdown_key as "breakdownKey", date from partition_state
     where partition_id = any ($1::integer[])`,
    [partitions],
  )
  await lockPartitions(session, keys.map(partitionText))
  // A page of the facts is read once for the comparison and once for the change; hashes of a month's facts stay in memory.
  await session.query(
    `set local work_mem = '256MB'; set local enable_nestloop = off; set local millrace.marks_months = 'on'`,
  )
  const { actionTypes, windows } = definition
  const values = [partitions, windows, String(version), isoInstant(atMs), ...actionTypes]
  const changes = await session.query<{ readonly changed: number }>(recountStatement(definition), values)
  await session.query(
    `insert into fact_ad_month_stale (platform, account_id, month)
     select distinct platform, account_id, date_trunc('month', date::timestamp)::date from partition_state
     where partition_id = any ($1::integer[]) and level = 'campaign' and breakdown_key = ''`,
    [partitions],
  )
  await session.query(
    'update partition_state set definition_version = $2::integer, fingerprint = null where partition_id = any ($1::integer[])',
    [partitions, String(version)],
  )
  return { partitions: ids.length, changed: changes.reduce((sum, one) => sum + one.changed, 0) }
}

/**
 * Gives the facts their new numbers and says how many changed in each partition. An action is there when its own window's row is; a window that it lacks counts
 * zero, as the platform leaves zeros out. `first_of` is the first action that is there, `sum` all of them, none of them is zero.
 */
function recountStatement({ pick, actionTypes, windows }: ConversionDefinition): string {
  const parameter = (at: number) => `$${at + 5}`
  const counted = (column: string) => {
    const each = actionTypes.map((_, at) => {
      const own = `action_key = ${parameter(at)} and ${column} is not null`
      const sum = `sum(${column}) filter (where ${own} and attribution_window = any ($2::text[]))`
      // The account's own window alone, which is the rule, needs no second look.
      return windows.length === 1 && windows[0] === 'default'
        ? sum
        : `case when bool_or(${own} and attribution_window = 'default') then coalesce(${sum}, 0) end`
    })
    return pick === 'sum'
      ? each.map((one) => `coalesce(${one}, 0)`).join(' + ')
      : `coalesce(${[...each, '0'].join(', ')})`
  }
  return `
    with counted as materialized (
      select f.ctid as row_at, f.partition_id, f.conversions as conversions_before, coalesce(f.conversion_value, 0) as value_before,
             coalesce(n.conversions, 0) as conversions, coalesce(n.value, 0) as value
      from fact_ad_daily f
      left join (
        select partition_id, entity_id, ${counted('conversions')} as conversions, ${counted('value')} as value
        from fact_conversion_daily
        where partition_id = any ($1::integer[]) and action_key in (${actionTypes.map((_, at) => parameter(at)).join(', ')})
        group by partition_id, entity_id
      ) n on n.partition_id = f.partition_id and n.entity_id = f.entity_id
      where f.partition_id = any ($1::integer[])
        and (f.conversions <> coalesce(n.conversions, 0) or f.conversion_value is distinct from coalesce(n.value, 0))
    ), written as (
      update fact_ad_daily f set conversions = c.conversions, conversion_value = c.value
      from counted c
      where f.ctid = c.row_at and f.partition_id = any ($1::integer[])
    )
    insert into conversion_recount (partition_id, definition_version, at, changed, conversions_difference, value_difference)
    select partition_id, $3::integer, $4::timestamptz, count(*), sum(conversions - conversions_before), sum(value - value_before)
    from counted group by partition_id
    returning changed`
}
