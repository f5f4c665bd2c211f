import { isoInstant } from '../domain/clock.ts'
import type { Day } from '../domain/day.ts'
import type { Decimal } from '../domain/decimal.ts'
import type { ReferenceRate } from '../domain/reference-rate.ts'
import { statement } from './statements.ts'
import type { Session, Warehouse } from './warehouse.ts'

/** What loading some rates would do, or did. */
export interface RatePlan {
  readonly added: number
  readonly unchanged: number
  /** Rates that were published with another value before: amounts of those days will be converted differently. */
  readonly changed: readonly ChangedRate[]
  readonly since: Day | null
  readonly until: Day | null
}

export interface ChangedRate {
  readonly currency: string
  readonly date: Day
  readonly before: Decimal
  readonly after: Decimal
}

interface ComparedRow extends Readonly<Record<string, unknown>> {
  readonly state: 'added' | 'changed' | 'unchanged'
  readonly currency: string
  readonly date: Day
  readonly before: Decimal | null
  readonly after: Decimal
}

/** How the rates stand to those that are kept; writes nothing. */
export async function planRates(session: Session, rates: readonly ReferenceRate[]): Promise<RatePlan> {
  const rows = await session.query<ComparedRow>(statement('fx-compare'), [JSON.stringify(rates)])
  const days = rates.map((one) => one.date).sort()
  const count = (state: ComparedRow['state']) => rows.filter((one) => one.state === state).length
  return {
    added: count('added'),
    unchanged: count('unchanged'),
    changed: rows
      .filter((one) => one.state === 'changed')
      .map(({ currency, date, before, after }) => ({ currency, date, before: before ?? after, after })),
    since: days[0] ?? null,
    until: days.at(-1) ?? null,
  }
}

/**
 * Keeps the rates and fills the days between and after them; storing the same again changes nothing, and the order in which files
 * are stored does not matter as long as they agree. Returns what was different.
 */
export async function storeRates(
  warehouse: Pick<Warehouse, 'transaction'>,
  rates: readonly ReferenceRate[],
  { source, atMs }: { readonly source: string; readonly atMs: number },
): Promise<RatePlan> {
  return warehouse.transaction(async (session) => {
    await session.query(`select pg_advisory_xact_lock(hashtextextended('fx_rate', 0))`)
    const plan = await planRates(session, rates)
    const at = isoInstant(atMs)
    if (plan.added + plan.changed.length > 0) {
      await session.query(statement('fx-store'), [JSON.stringify(rates), source, at])
      await session.query(statement('fx-fill'), [plan.since, at])
    }
    await session.query(
      `insert into fx_source (source, checked_at, newest) values ($1, $2, $3)
       on conflict (source) do update set checked_at = excluded.checked_at, newest = greatest(fx_source.newest, excluded.newest)`,
      [source, at, plan.until],
    )
    return plan
  })
}

/** When a source was last read; null for one that never was. */
export async function rateSourceCheckedMs(session: Session, source: string): Promise<number | null> {
  const [row] = await session.query<{ readonly at: Date }>('select checked_at as at from fx_source where source = $1', [
    source,
  ])
  return row ? row.at.getTime() : null
}

/** A day's rate as it is kept, filled days included. */
export interface KeptRate extends Readonly<Record<string, unknown>> {
  readonly date: Day
  readonly currency: string
  readonly perEuro: Decimal
  readonly rateDate: Day
  readonly filled: boolean
  readonly source: string
}

export function readRates(
  session: Session,
  {
    since,
    until,
    currencies,
  }: { readonly since: Day; readonly until: Day; readonly currencies: readonly string[] | null },
): Promise<readonly KeptRate[]> {
  return session.query<KeptRate>(
    `select date, quote as currency, rate as "perEuro", rate_date as "rateDate", is_filled as filled, source
     from fx_rate where base = 'EUR' and date between $1 and $2 and ($3::text[] is null or quote = any ($3::text[]))
     order by date, quote`,
    [since, until, currencies],
  )
}

/** Facts that have no value in another currency, because their day has no rate. */
export interface MissingRate extends Readonly<Record<string, unknown>> {
  readonly currency: string
  readonly since: Day
  readonly until: Day
  readonly days: number
  readonly accounts: number
  readonly facts: number
  readonly cost: Decimal
}

export function readMissingRates(session: Session): Promise<readonly MissingRate[]> {
  return session.query<MissingRate>(
    `select currency, min(date) as since, max(date) as until, count(distinct date)::int as days,
            count(distinct (platform, account_id))::int as accounts, sum(facts)::int as facts, sum(cost)::text as cost
     from fx_missing group by currency order by currency`,
  )
}
