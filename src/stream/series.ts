import type { TimeZone } from '../domain/day.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'

/** What is counted apart: a campaign, in an account, on a platform, its money in one currency. Empty: the event did not say. */
export interface Series {
  readonly platform: string
  readonly accountId: string
  readonly campaignId: string
  readonly currency: string
}

/**
 * A series with its number in the warehouse and the zone of its account's days. Both are fixed at first sight, so that
 * a replay puts every event into the bucket that it was in before.
 */
export interface ResolvedSeries extends Series {
  readonly seriesId: number
  readonly zone: TimeZone
}

const pageSize = 5_000

interface Row {
  readonly series_id: number
  readonly timezone: string
  readonly ordinal: string
  readonly [column: string]: unknown
}

/*
 * The zone is the account's; of an event that does not name its account, the account of a campaign with that id, when
 * there is one; else the default.
 */
const insertNew = `insert into stream_series (platform, account_id, campaign_id, currency, timezone)
  select x.platform, x.account_id, x.campaign_id, x.currency,
    coalesce(
      (select a.timezone from dim_account a where a.is_current and a.platform = x.platform and a.account_id = x.account_id),
      (select a.timezone from dim_entity e join dim_account a on a.platform = e.platform and a.account_id = e.account_id and a.is_current
       where x.account_id = '' and e.is_current and e.level = 'campaign' and e.entity_id = x.campaign_id
         and x.platform in ('', e.platform) order by a.platform, a.account_id limit 1),
      $5)
  from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as x (platform, account_id, campaign_id, currency)
  order by 3, 1, 2, 4
  on conflict do nothing`

const readKnown = `select s.series_id, s.timezone, x.ordinal
  from unnest($1::text[], $2::text[], $3::text[], $4::text[]) with ordinality as x (platform, account_id, campaign_id, currency, ordinal)
  join stream_series s on s.campaign_id = x.campaign_id and s.platform = x.platform and s.account_id = x.account_id and s.currency = x.currency`

/** Numbers and zones of series from the warehouse, which gives new ones theirs. Any number of processes agree. */
export class SeriesRegistry {
  readonly #warehouse: Warehouse
  readonly #defaultZone: TimeZone
  /** Resolved so far, by the list they came from: a fold's list only ever grows. */
  readonly #known = new WeakMap<readonly Series[], ResolvedSeries[]>()

  constructor(warehouse: Warehouse, defaultZone: TimeZone) {
    this.#warehouse = warehouse
    this.#defaultZone = defaultZone
  }

  /** The same list resolved, index by index. Given the same list again after it has grown, it asks only for what is new. */
  async resolve(list: readonly Series[]): Promise<readonly ResolvedSeries[]> {
    const known = this.#known.get(list) ?? []
    this.#known.set(list, known)
    while (known.length < list.length) {
      const page = list.slice(known.length, known.length + pageSize)
      known.push(...(await this.#page(page)))
    }
    return known
  }

  async #page(page: readonly Series[]): Promise<readonly ResolvedSeries[]> {
    const values = [
      page.map(({ platform }) => platform),
      page.map(({ accountId }) => accountId),
      page.map(({ campaignId }) => campaignId),
      page.map(({ currency }) => currency),
    ]
    const found = await this.#read(values)
    // Looked up first: an insert that conflicts would use up a number for every series at every start.
    if (found.length < page.length) {
      await this.#warehouse.query(insertNew, [...values, this.#defaultZone])
      found.splice(0, found.length, ...(await this.#read(values)))
    }
    const byOrdinal = new Map(found.map((row) => [Number(row.ordinal) - 1, row]))
    return page.map((series, index) => {
      const row = byOrdinal.get(index) as Row
      return { ...series, seriesId: row.series_id, zone: row.timezone as TimeZone }
    })
  }

  async #read(values: readonly (readonly string[])[]): Promise<Row[]> {
    return [...(await this.#warehouse.query<Row>(readKnown, values))]
  }
}
