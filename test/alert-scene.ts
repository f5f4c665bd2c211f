import { addDays, day } from '../src/domain/day.ts'
import type { Day } from '../src/domain/day.ts'
import { weekly } from '../src/quality/generated-series.ts'
import type { Session } from '../src/warehouse/warehouse.ts'

/** The last day of the scene; the outage is on it. */
export const sceneDay = day('2026-11-20')
const daysBefore = 60

const insertDays = `
with p as (
  insert into partition_state (platform, account_id, level, breakdown_key, date, state, published_at, extract_id, problem_at, problem_codes, problem_message)
  select 'google_ads', r.account, 'campaign', '', r.date, r.state, case when r.state = 'failed' then null else now() end, gen_random_uuid(),
    case when r.state = 'published' then null else now() end, case when r.state = 'published' then '{}' else '{CONNECTOR_UNAVAILABLE}'::text[] end, r.problem
  from jsonb_to_recordset($1::jsonb) as r (account text, date date, state text, problem text)
  on conflict (platform, account_id, level, breakdown_key, date) do update set state = excluded.state, published_at = excluded.published_at,
    extract_id = excluded.extract_id, problem_at = excluded.problem_at, problem_codes = excluded.problem_codes, problem_message = excluded.problem_message
  returning partition_id, account_id, date, extract_id
)
insert into fact_ad_daily (partition_id, entity_id, platform, account_id, level, breakdown_key, date, currency, cost, impressions, clicks, conversions, extract_id)
select p.partition_id, f.campaign, 'google_ads', p.account_id, 'campaign', '', p.date, 'USD', f.cost, f.cost * 40, f.cost, f.cost / 100, p.extract_id
from p join jsonb_to_recordset($2::jsonb) as f (account text, date date, campaign text, cost numeric) on f.account = p.account_id and f.date = p.date
on conflict (partition_id, entity_id) do update set cost = excluded.cost, impressions = excluded.impressions, clicks = excluded.clicks, conversions = excluded.conversions`

interface SceneDay {
  readonly account: string
  readonly date: Day
  readonly state: 'published' | 'failed'
  /** What each campaign's usual cost is multiplied by. */
  readonly factor: number
}

/** Puts days of accounts with campaigns of a weekly shape into the facts, as a load leaves them. */
export async function putDays(session: Session, days: readonly SceneDay[], campaigns = 4): Promise<void> {
  const facts = days.flatMap(({ account, date, state, factor }) =>
    state === 'failed'
      ? []
      : Array.from({ length: campaigns }, (_, nth) => ({
          account,
          date,
          campaign: `${account}-${nth}`,
          cost: ((usual(account, nth)[placeOf(date)] ?? 0) * factor).toFixed(2),
        })),
  )
  const problem = (state: SceneDay['state']) => (state === 'failed' ? 'The platform did not answer' : null)
  const partitions = days.map(({ account, date, state }) => ({ account, date, state, problem: problem(state) }))
  await session.query(insertDays, [JSON.stringify(partitions), JSON.stringify(facts)])
}

const shapes = new Map<string, readonly number[]>()

function usual(account: string, nth: number): readonly number[] {
  const key = `${account} ${nth}`
  const known = shapes.get(key) ?? weekly(10 * Number(account) + nth, { days: 200 }).map(({ value }) => value ?? 0)
  shapes.set(key, known)
  return known
}

function placeOf(date: Day): number {
  return Math.round((Date.parse(date) - Date.parse(sceneDay)) / 86_400_000) + daysBefore
}

/** Usual days of these accounts up to the one before the scene's. */
export function usualDays(accounts: readonly string[]): readonly SceneDay[] {
  return accounts.flatMap((account) =>
    Array.from({ length: daysBefore }, (_, at): SceneDay => ({
      account,
      date: addDays(sceneDay, at - daysBefore),
      state: 'published',
      factor: 1,
    })),
  )
}
