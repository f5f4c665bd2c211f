import { addDays } from '../domain/day.ts'
import type { Day } from '../domain/day.ts'
import type { Session, Stage } from '../warehouse/warehouse.ts'
import type { UtmShares } from './check.ts'

const weekDays = 7

const knownStatement = `
select exists (select 1 from dim_entity where platform = $1 and account_id = $2 and level = $3 and utm is not null and is_current) as known`

/** The description at the end of the day decides: a suffix that is taken away today does not undo yesterday's clicks. */
const beforeStatement = `
select sum(coalesce(f.link_clicks, f.clicks)) filter (where (e.utm ->> 'isResolved')::boolean)::float8 / nullif(sum(coalesce(f.link_clicks, f.clicks)), 0) as share
from partition_state p
join fact_ad_daily f on f.partition_id = p.partition_id
left join dim_entity e on e.platform = p.platform and e.account_id = p.account_id and e.level = p.level and e.entity_id = f.entity_id
  and e.valid_from < p.day_end and e.valid_to >= p.day_end and e.utm is not null
where p.platform = $1 and p.account_id = $2 and p.level = $3 and p.breakdown_key = $4 and p.date between $5 and $6 and p.published_at is not null`

const stagedStatement = (table: string): string => `
select s.date, coalesce(sum(coalesce(s.link_clicks, s.clicks)) filter (where (e.utm ->> 'isResolved')::boolean), 0)::float8
         / sum(coalesce(s.link_clicks, s.clicks)) as share
from ${table} s
left join dim_entity e on e.is_current and e.platform = $1 and e.account_id = $2 and e.level = $3 and e.entity_id = s.entity_id
where s.date is not null
group by s.date
having sum(coalesce(s.link_clicks, s.clicks)) > 0`

/** Which share of the clicks on links leads back to its campaign; null when the platform never told where ads lead to. */
export async function utmShares(session: Session, { table, extract }: Stage): Promise<UtmShares | null> {
  const { platform, accountId, level, breakdownKey, since } = extract
  const [found] = await session.query<{ readonly known: boolean }>(knownStatement, [platform, accountId, level])
  if (!found?.known) return null
  const staged = await session.query<{ readonly date: Day; readonly share: number }>(stagedStatement(table), [
    platform,
    accountId,
    level,
  ])
  const week = [addDays(since, -weekDays), addDays(since, -1)] as const
  const [before] = await session.query<{ readonly share: number | null }>(beforeStatement, [
    platform,
    accountId,
    level,
    breakdownKey,
    ...week,
  ])
  return { byDay: new Map(staged.map((one) => [one.date, one.share])), before: before?.share ?? null }
}
