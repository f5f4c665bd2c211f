import { accountKey } from '../domain/account.ts'
import type { Decimal } from '../domain/decimal.ts'
import { normalised } from '../domain/decimal.ts'
import type { RunPlan } from './plan.ts'
import type { Ports } from './ports.ts'

/** Published cost of what the run was about, each account's days and no others, per currency. */
export async function costOf(
  ports: Pick<Ports, 'warehouse'>,
  plan: RunPlan,
): Promise<Readonly<Record<string, Decimal>>> {
  const rows = await ports.warehouse.query<{ currency: string; cost: string }>(
    `select currency, sum(cost)::text as cost from fact_ad_daily
     where level = 'campaign' and breakdown_key = '' and date between $1 and $2
       and (platform || '/' || account_id, date) in (select account, date from unnest($3::text[], $4::date[]) as asked (account, date))
     group by currency order by currency`,
    [
      plan.interval.since,
      plan.interval.until,
      plan.accounts.flatMap(({ account, days }) => days.map(() => accountKey(account))),
      plan.accounts.flatMap(({ days }) => days),
    ],
  )
  return Object.fromEntries(rows.map((row) => [row.currency, normalised(row.cost)]))
}
